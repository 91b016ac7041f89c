<?php
// Busy for as long as the request lasts.
function countPrimes(int $limit): int
{
    $count = 0;
    for ($number = 2; $number < $limit; $number++) {
        $prime = true;
        for ($divisor = 2; $divisor * $divisor <= $number && $prime; $divisor++) $prime = $number % $divisor !== 0;
        if ($prime) $count++;
    }
    return $count;
}

set_time_limit(0);
while (true) countPrimes(20000);
