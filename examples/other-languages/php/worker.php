<?php

// Handles the webhooks that index.php has stored. Runs once, beside the web server.

declare(strict_types=1);

require __DIR__ . '/inbox.php';

/** Where your code goes. It may run twice for one webhook, if the machine stops in the middle. */
function handle(array $envelope): void
{
    switch ($envelope['type']) {
        case 'application.approved':   // $envelope['data'] has all that is needed: no call back
        case 'data.deletion_required': // delete what you keep of this event's people, within 30 days
        default:                       // an unknown type is not an error
            break;
    }
}

$inbox = new Inbox(required('DATA_DIR'));
$inbox->forgetOld();
for (;;) {
    try {
        while ($row = $inbox->handleNext(handle(...))) {
            log_line('webhook handled', ['delivery_id' => $row['delivery_id'], 'type' => $row['type']]);
        }
        usleep(100_000);
    } catch (Throwable $error) {
        log_line('webhook not handled', ['reason' => $error->getMessage()]);
        sleep(5);
    }
}
