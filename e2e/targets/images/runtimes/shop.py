"""For gunicorn: each worker has a thread that waits for a lock for ever, and one that is busy."""

import threading

stock = threading.Lock()


def wait_for_stock(order_number):
    stock.acquire()


def count_primes():
    while True:
        sum(1 for number in range(2, 20000) if all(number % divisor for divisor in range(2, int(number**0.5) + 1)))


stock.acquire()
threading.Thread(target=wait_for_stock, args=[4251], daemon=True).start()
threading.Thread(target=count_primes, daemon=True).start()


def answer(environment, start_response):
    start_response("200 OK", [])
    return [b"shop\n"]
