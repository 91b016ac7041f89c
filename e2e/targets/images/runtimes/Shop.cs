using System.Collections.Generic;
using System.Threading;

/// <summary>Busy, and holds many objects of one class.</summary>
class CartItem { }

static class Shop {
  static readonly List<CartItem> carts = new List<CartItem>();
  static int found;

  static int CountPrimes(int limit) {
    int count = 0;
    for (int number = 2; number < limit; number++) {
      bool prime = true;
      for (int divisor = 2; divisor * divisor <= number && prime; divisor++) prime = number % divisor != 0;
      if (prime) count++;
    }
    return count;
  }

  static void WaitForStock(object stock) {
    lock (stock) Monitor.Wait(stock);
  }

  static void Main() {
    for (int number = 0; number < 5000; number++) carts.Add(new CartItem());
    new Thread(WaitForStock).Start(new object());
    while (true) found += CountPrimes(20000);
  }
}
