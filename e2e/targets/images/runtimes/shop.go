// A program whose goroutines wait for ever, and one that is busy.
package main

import "os"

var stock = make(chan int)

//go:noinline
func waitForStock() {
	<-stock
}

//go:noinline
func countPrimes(limit int) (count int) {
	for number := 2; number < limit; number++ {
		prime := true
		for divisor := 2; divisor*divisor <= number && prime; divisor++ {
			prime = number%divisor != 0
		}
		if prime {
			count++
		}
	}
	return count
}

func main() {
	for range 12 {
		go waitForStock()
	}
	for {
		if countPrimes(200_000) == 0 {
			os.Exit(1)
		}
	}
}
