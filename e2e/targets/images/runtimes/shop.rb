# Busy, and a thread that waits for ever.
def wait_for_stock
  Queue.new.pop
end

def count_primes(limit)
  (2...limit).count { |number| (2..Integer.sqrt(number)).none? { |divisor| (number % divisor).zero? } }
end

Thread.new { wait_for_stock }
loop { count_primes(20_000) }
