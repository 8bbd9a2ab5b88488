// Package taskcluster reads a deployment of Taskcluster (queue, index, hooks, auth: version 1 of each) and acts on it.
//
// It answers pushes.runnable, jobs.available, jobs.list, jobs.upstream and jobs.status, performs jobs.trigger, jobs.retrigger and
// jobs.cancel, and reads links of tasks, runs and task groups. Formats: Taskcluster's own references, and the conventions of
// gecko's task graphs (decision tasks, their index and their artifacts), which other trust domains follow.
//
// # Pushes and decision tasks
//
// A push's decision task makes the push's tasks. It is found in the index, under the push's tip revision ([Branch] says
// where). Only tasks that ended well are indexed: a push whose decision task failed, is still running, or was never made
// answers no_decision_task, and nothing can be asked of it until it is there. Its artifacts say the rest: actions.json
// what may be done, label-to-taskid.json what it made, runnable-jobs.json (or, where that is missing, full-task-graph.json)
// what could be made.
//
// # Tasks, runs, requests, jobs
//
// A task is a request, and each of its runs is a job; the job's id is TASK/RUN. A task that waits for another one, or whose
// dependency failed, is unscheduled and has no job. A run that the service replaced by itself is a retry; canceled is
// usercancel; failed is testfailed for tests (extra.treeherder.jobKind, or else tags.kind) and busted for the rest. A
// deadline that passed is an exception.
//
// jobs.list is the task group of a push's decision task, all pages of it, whatever job type is asked for: the queue has no
// narrower question. A profile asks Treeherder first where there is one. A continuation token that the queue has
// forgotten starts the listing again without a word, which shows in a task that comes twice.
//
// A job is one of a backfill ([ci.Job.Backfill]) where an action made its task: tags.action is there, or extra.parent names
// another task than its group.
//
// # Acting, and what a request's id is
//
// Nobody creates tasks in a push's group from outside. What can be done is listed in actions.json, and is done by
// triggering a hook, which makes an action task; that task makes the wanted ones, minutes later, in the same group. Their
// ids are known only then. So [sources.Receipt.Request] is the id of the action task. It leads to the jobs in two ways:
//
//   - jobs.status, asked for that id, answers for what the action was asked to make: pending while the action has not
//     ended, then the jobs of the tasks that it made of the wanted type (not those of builds that it had to make as well);
//     completed without a job where it failed or made none. These jobs name the action's id in requests, behind their own.
//   - where jobs come from elsewhere (Treeherder knows nothing of actions), a history finds the job as the first that was
//     submitted on the push after we asked and that nobody else has claimed.
//
// jobs.trigger asks for the action add-new-jobs with the label. Where a request to be like is given ([ci.Trigger.Like])
// and that task was scheduled by test manifests, it asks for backfill-task with those manifests first, as the tree's own
// backfill does for each push: chunks drift, and the same label runs other tests elsewhere. Each ordinal is one action for
// one job. jobs.retrigger asks for retrigger-multiple where the decision task made the label and the action's schema
// takes what it is for (gecko's does not, held to the letter), otherwise for add-new-jobs. jobs.cancel asks the queue,
// and where our credentials may not, the action cancel.
//
// Units finds out, before anything is sent, why a unit cannot be done, each with its own words: the tree is closed; no
// decision task; an expired one; a label that the push has not; no fitting action, or one whose schema does not take the
// input; a hook for which the decision task may not speak (actions.json is an artifact that whoever pushed could write at
// will: the scope in-tree:hook-action:GROUP/HOOK has to be among the expanded ones of the decision task); a hook that is
// gone or would not take the payload; scopes that our credentials lack. Units needs no credentials: a plan is free for
// everybody. Without them, Do refuses. A unit carries all that Do needs, so that Do sends one request and asks nothing.
//
// # Once
//
// A hook whose schema allows it is given the id of the task that it shall make, a function of key and ordinal: a
// second call then fails with "RequestConflict", or "duplicate key … hooks_last_fires_pkey", and both mean that it had
// been done before: the task is looked at, and the receipt says already. Firefox's hooks do not allow it. Therefore the
// input carries a mark as well where the action's schema takes further members (member mozci_run, which actions ignore):
// the action task keeps its input, and Find recognises it among what the hook has done since (last-fires, which records
// every call, so that absence is conclusive); by client, action and input where no mark could be carried. Where last-fires
// is not shown to us, the index of the push's actions is searched; only actions that ended well are there, so that Find then
// either finds or cannot tell. Find asks past every cache.
//
// A refusal is believed where Taskcluster itself says it. What a proxy says, or a connection that broke, leaves open
// whether the call arrived: that is for Find.
//
// # Credentials
//
// [Credentials] are handed in, permanent or temporary, and are used to sign (Hawk) what acts. Reads are anonymous until the
// deployment refuses one for want of scopes; they are signed from then on. No error, URL or text shows a secret, not even
// one that a service repeats. An expired certificate is found before anything is sent.
package taskcluster
