/** Busy, and holds many objects of one class. */
class CartItem {}
const carts = Array.from({ length: 5000 }, () => new CartItem());

function countPrimes(limit) {
  let count = 0;
  for (let number = 2; number < limit; number++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= number && prime; divisor++) prime = number % divisor !== 0;
    if (prime) count++;
  }
  return count;
}

setInterval(() => countPrimes(200_000) + carts.length, 1);
