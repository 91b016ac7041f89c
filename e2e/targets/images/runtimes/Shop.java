import java.util.ArrayList;
import java.util.List;

/** Two threads that wait for each other for ever, one that is busy unless there is an argument, and many objects of one class. */
public class Shop {
    static final Object stock = new Object();
    static final Object till = new Object();
    static final List<CartItem> carts = new ArrayList<>();

    static class CartItem {
        final long[] prices = new long[8];
    }

    public static void main(String[] args) {
        for (int count = 0; count < 50_000; count++) carts.add(new CartItem());
        new Thread(() -> reserveStock(), "reserve").start();
        new Thread(() -> refundCustomer(), "refund").start();
        while (args.length == 0) countPrimes(200_000);
    }

    static void reserveStock() {
        synchronized (stock) {
            pause();
            synchronized (till) {
                throw new IllegalStateException();
            }
        }
    }

    static void refundCustomer() {
        synchronized (till) {
            pause();
            synchronized (stock) {
                throw new IllegalStateException();
            }
        }
    }

    static int countPrimes(int limit) {
        int count = 0;
        for (int number = 2; number < limit; number++) {
            boolean prime = true;
            for (int divisor = 2; divisor * divisor <= number && prime; divisor++) prime = number % divisor != 0;
            if (prime) count++;
        }
        return count;
    }

    /** Long enough for the other thread to take its lock. */
    static void pause() {
        try {
            Thread.sleep(500);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }
}
