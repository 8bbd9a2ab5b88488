// Package notify tells people something, through a webhook: a URL that takes {"text": …} by POST, as those of Slack,
// Mattermost, Rocket.Chat and Matrix do.
//
// # The URL
//
// Whoever has a webhook's URL can write there, and so the URL is a secret like a password. It is handed in, and appears
// nowhere else: not in an error, a receipt, a link or a unit, and so neither in the journal nor in a log. Errors of the
// connection, which name the host or the whole URL, are told in words of this package, and answers of the service,
// which might repeat it, are left out. Of a key of the ledger it is a part as a digest, so that the same notice can go
// to two places, once to each.
//
// # Once
//
// A notice with a once_per is sent once for that text, whoever asks for it and whatever else it says: a workflow that
// runs every hour and says once_per: "${{ job }} since ${{ revision }}" tells of a failure once. Where a workflow gives
// none, the notice is the run's and the step's own ([sources.Unit.PerStep]): a run that is resumed does not send it again,
// and the next run does. Within a foreach it is the text that tells the items apart.
//
// A webhook has no memory that could be asked: whether a POST without an answer has arrived, nobody can say. Find
// therefore says so, and such a notice is uncertain: it is not sent again by itself. What certainly has not been sent is
// told apart from that: no connection came about, or the service refused it (a status of 400 and more, and less than 500).
// Each POST carries an Idempotency-Key, which is the same for the same notice, for services that look at it.
package notify
