<?php

declare(strict_types=1);

const WINDOW = 300;

/** Whether the platform signed these bytes, now. */
function is_signed(string $timestamp, string $signature, string $body, array $secrets): bool
{
    if (!preg_match('/^[0-9]{1,12}$/D', $timestamp) || abs(time() - (int) $timestamp) > WINDOW) {
        return false;
    }
    $matches = array_map(
        fn (string $secret) => hash_equals( // constant time
            'sha256=' . hash_hmac('sha256', "$timestamp.$body", $secret),
            $signature,
        ),
        $secrets,
    );
    return in_array(true, $matches, true);
}
