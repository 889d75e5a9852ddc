#!/bin/sh
# The worker, and PHP's built-in server. In production php-fpm serves index.php, and systemd runs the worker.
set -eu
cd "$(dirname "$0")"
php worker.php &
worker=$!
PHP_CLI_SERVER_WORKERS=8 php -d expose_php=0 -d display_errors=0 -S "127.0.0.1:$PORT" -q index.php &
server=$!
trap 'kill $worker; kill -INT $server' INT TERM
wait $server
