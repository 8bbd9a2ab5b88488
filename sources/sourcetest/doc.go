// Package sourcetest is the one suite that every adapter passes. Only tests import it.
//
// # The suite
//
// [Run] asks a source its questions, of a handler that plays the service, over an *http.Client that never opens a
// connection. For every question it holds that the answer fits its type and survives JSON, is the same twice, side by
// side, and when the members of the service's JSON come in another order; that a cancelled context is obeyed at each
// request, before its header and within its body; and that each [Fault], put upon each request that the question makes,
// gives its named error or the complete answer. A partial answer, a panic, or a secret in an error or an answer is a failure.
//
// A fault is put upon one request at a time: the suite first notes which requests a question makes, then asks it
// anew for each of them and each fault. That adapter may ask side by side: requests are told apart by what they ask,
// not by when they come. Every fault is tried twice: for good, on the bare adapter, and once, behind the transports of
// package sources, where what can be asked again has to give the complete answer in the end.
//
// # Recordings
//
// [Recordings] reads what real servers answered, and [Replay] serves it. An adapter's test goes through every file that
// belongs to an endpoint that it reads, and names the others with the reason for which they are left out.
package sourcetest
