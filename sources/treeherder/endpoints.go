package treeherder

import (
	"reflect"

	"github.com/mozci/mozci-run/sources"
)

// How large answers may be: a page of 2000 jobs is 2.5 MB, one of 1000 pushes 10 MB, and Treeherder keeps
// a hundred error lines of a job.
const (
	jobsLimit   = 16 << 20
	pushesLimit = 32 << 20
	linesLimit  = 4 << 20
)

var (
	failureClassifications = sources.Endpoint{
		Name: "failureclassification", Doc: "the words with which failures are classified, and their numbers",
		Method: "GET", Path: "/failureclassification/",
		Schema: "treeherder/failureclassification.schema.json", Decode: reflect.TypeFor[[]failureClassification](),
		Feeds: []string{"jobs.classify"}, Limit: 1 << 20,
	}
	jobs = sources.Endpoint{
		Name: "jobs", Doc: "jobs of all projects, in the order of their ids, by pages and with a total; neither times nor machines",
		Method: "GET", Path: "/jobs/",
		Params: []string{"count", "id__in", "job_group_symbol", "job_type_name", "job_type_symbol", "page", "platform", "push_id__in", "result", "retry_id", "task_id"},
		Schema: "treeherder/jobs.schema.json", Decode: reflect.TypeFor[jobTable](),
		Feeds: []string{"events.recent", "jobs.list", "pushes.runnable"}, Limit: jobsLimit,
	}
	projectJobs = sources.Endpoint{
		Name: "project-jobs", Doc: "jobs of a project with all their columns, in no order",
		Method: "GET", Path: "/project/{project}/jobs/",
		Params: []string{"count", "id__gte", "id__in", "id__lt", "job_group_symbol", "job_type_name", "job_type_symbol", "platform",
			"push_id__gte", "push_id__in", "push_id__lte", "result", "retry_id", "task_id"},
		Schema: "treeherder/project-jobs.schema.json", Decode: reflect.TypeFor[jobList](),
		Feeds: []string{"events.recent", "jobs.classify", "jobs.failures", "jobs.list", "pushes.runnable"}, Limit: jobsLimit,
	}
	jobDetail = sources.Endpoint{
		Name: "job", Doc: "one job: for links that name it by its id",
		Method: "GET", Path: "/project/{project}/jobs/{id}/",
		Schema: "treeherder/job.schema.json", Decode: reflect.TypeFor[row](),
		Feeds: []string{"events.recent"}, Limit: 1 << 20,
	}
	bugSuggestions = sources.Endpoint{
		Name: "bug-suggestions", Doc: "the error lines of a job with the terms under which bugs are looked for",
		Method: "GET", Path: "/project/{project}/jobs/{id}/bug_suggestions/",
		Schema: "treeherder/bug-suggestions.schema.json", Decode: reflect.TypeFor[[]bugSuggestion](),
		Feeds: []string{"jobs.failures"}, Limit: linesLimit,
	}
	textLogErrors = sources.Endpoint{
		Name: "text-log-errors", Doc: "the error lines of a job, in order",
		Method: "GET", Path: "/project/{project}/jobs/{id}/text_log_errors/",
		Schema: "treeherder/text-log-errors.schema.json", Decode: reflect.TypeFor[[]textLogError](),
		Feeds: []string{"jobs.failures"}, Limit: linesLimit,
	}
	jobLogURLs = sources.Endpoint{
		Name: "job-log-url", Doc: "the logs of jobs, and whether they have been read",
		Method: "GET", Path: "/project/{project}/job-log-url/", Params: []string{"job_id"},
		Schema: "treeherder/job-log-url.schema.json", Decode: reflect.TypeFor[[]jobLog](),
		Feeds: []string{"jobs.failures"}, Limit: linesLimit,
	}
	notes = sources.Endpoint{
		Name: "note", Doc: "the classifications of a job, by whom and when",
		Method: "GET", Path: "/project/{project}/note/", Params: []string{"job_id"},
		Schema: "treeherder/note.schema.json", Decode: reflect.TypeFor[[]note](),
		Feeds: []string{"jobs.classify"}, Limit: 1 << 20,
	}
	notesPost = sources.Endpoint{
		Name: "note-post", Doc: "classifies a job",
		Method: "POST", Path: "/project/{project}/note/",
		Schema: "treeherder/note-post.schema.json", Decode: reflect.TypeFor[noteStored](),
		Feeds: []string{"jobs.classify"}, Limit: 1 << 20,
	}
	pushes = sources.Endpoint{
		Name: "push", Doc: "pushes of a project, newest first by time",
		Method: "GET", Path: "/project/{project}/push/",
		Params: []string{"commit_revision", "count", "id__gte", "id__lte", "revision"},
		Schema: "treeherder/push.schema.json", Decode: reflect.TypeFor[pushList](),
		Feeds: []string{"events.recent", "jobs.list", "pushes.find", "pushes.range", "pushes.runnable"}, Limit: pushesLimit,
	}
	pushDetail = sources.Endpoint{
		Name: "push-detail", Doc: "one push by its id: the push of a job",
		Method: "GET", Path: "/project/{project}/push/{id}/",
		Schema: "treeherder/push-detail.schema.json", Decode: reflect.TypeFor[push](),
		Feeds: []string{"events.recent", "jobs.classify", "jobs.failures"}, Limit: 1 << 20,
	}
	decisionTasks = sources.Endpoint{
		Name: "decisiontask", Doc: "the decision tasks of pushes that have one which succeeded",
		Method: "GET", Path: "/project/{project}/push/decisiontask/", Params: []string{"push_ids"},
		Schema: "treeherder/decisiontask.schema.json", Decode: reflect.TypeFor[map[string]decisionTask](),
		Feeds: []string{"pushes.runnable"}, Limit: 8 << 20,
	}
	groupResults = sources.Endpoint{
		Name: "group-results", Doc: "the results of a push by task and test manifest",
		Method: "GET", Path: "/project/{project}/push/group_results/", Params: []string{"revision"},
		Schema: "treeherder/group-results.schema.json", Decode: reflect.TypeFor[map[string]map[string]bool](),
		Feeds: []string{"jobs.failures", "jobs.list"}, Limit: pushesLimit,
	}
	repositories = sources.Endpoint{
		Name: "repository", Doc: "the projects: named where one is unknown",
		Method: "GET", Path: "/repository/",
		Schema: "treeherder/repository.schema.json", Decode: reflect.TypeFor[[]repository](),
		Feeds: []string{"events.recent", "jobs.classify", "jobs.failures", "jobs.list", "pushes.find", "pushes.range", "pushes.runnable"},
		Limit: 4 << 20,
	}
)

// Endpoints lists what is read and written. A path that two of them match is the first one's.
func (c *Client) Endpoints() []sources.Endpoint {
	return []sources.Endpoint{failureClassifications, jobs, projectJobs, jobDetail, bugSuggestions, textLogErrors, jobLogURLs, notes,
		notesPost, pushes, decisionTasks, groupResults, pushDetail, repositories}
}
