package sim

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// runs are the jobs of a push that Treeherder has by now. Each run is a job: a retried task is two.
func (v *thView) runs(p *push) []*run {
	if p.ingested.After(v.now) {
		return nil
	}
	var list []*run
	for _, t := range v.tl.on[p] {
		for _, r := range t.runs {
			if !r.firstSeen().After(v.now) {
				list = append(list, r)
			}
		}
	}
	return list
}

// byID returns a job that Treeherder has by now, or nil.
func (v *thView) byID(id int) *run {
	i := id - thJobBase - 1
	if i < 0 || i >= len(v.tl.ingested) {
		return nil
	}
	if r := v.tl.ingested[i]; !r.firstSeen().After(v.now) {
		return r
	}
	return nil
}

// seenAt is the instant of Taskcluster that Treeherder now shows for a task.
func (v *thView) seenAt(t *task) time.Time { return v.now.Add(-t.late) }

// state is pending, running or completed.
func (v *thView) state(r *run) string {
	switch s := r.stateAt(v.seenAt(r.task)); s {
	case "pending", "running":
		return s
	}
	return "completed"
}

// result is Treeherder's word for how a run has ended; "unknown" while it has not.
func (v *thView) result(r *run) string {
	if v.state(r) != "completed" {
		return "unknown"
	}
	switch {
	case r.state == "completed":
		return "success"
	case r.state == "failed" && r.task.kind == "test":
		return "testfailed"
	case r.state == "failed":
		return "busted"
	case r.reason == "canceled":
		return "usercancel"
	case r.reason == "superseded":
		return "superseded"
	}
	if next := r.id + 1; next < len(r.task.runs) && r.task.runs[next].why == "retry" && past(r.task.runs[next].scheduled, v.seenAt(r.task)) {
		return "retry"
	}
	return "exception"
}

// modified is when Treeherder last changed a job.
func (v *thView) modified(r *run) time.Time {
	last := r.firstSeen()
	for _, t := range []time.Time{r.started, r.resolved} {
		if at := t.Add(r.task.late); past(t, v.seenAt(r.task)) && at.After(last) {
			last = at
		}
	}
	for _, n := range v.tl.notes {
		if n.run == r && past(n.at, v.now) && n.at.After(last) {
			last = n.at
		}
	}
	return last
}

// stamp is a time in seconds, 0 where Treeherder has not heard of it.
func (v *thView) stamp(r *run, t time.Time) int64 {
	if !past(t, v.seenAt(r.task)) {
		return 0
	}
	return t.Unix()
}

// minutes is the duration as /jobs/ has it.
func (v *thView) minutes(r *run) int64 {
	from, to := r.scheduled, v.now
	if v.stamp(r, r.started) > 0 {
		from = r.started
	}
	if v.stamp(r, r.resolved) > 0 {
		to = r.resolved
	}
	return int64(to.Sub(from)+30*time.Second) / int64(time.Minute)
}

// tier, platform and option of a task, also where it has no job type.
func tier(t *task) int {
	if t.jt != nil {
		return t.jt.Tier
	}
	return 1
}

func platform(t *task) string {
	if t.jt != nil {
		return t.jt.Platform
	}
	return "gecko-decision"
}

func option(t *task) string {
	if t.jt != nil {
		return t.jt.Option
	}
	return "opt"
}

func groupOf(t *task) (name, symbol string) {
	if t.jt == nil {
		return "unknown", "?"
	}
	return t.jt.Group, t.group
}

// isoMicro is how Treeherder writes times that are not numbers: UTC, without saying so.
const isoMicro = "2006-01-02T15:04:05.000000"

// fields are all columns of a job that either endpoint shows or filters by.
func (v *thView) fields(r *run) map[string]any {
	t := r.task
	group, symbol := groupOf(t)
	signature := v.s.w.hex40("signature", platform(t), option(t), t.label)
	number := func(kind, name string) int { return 1 + v.s.w.rng("th", kind, name).IntN(90000) }
	machine := r.worker
	if machine == "" || v.stamp(r, r.started) == 0 {
		machine = "unknown"
	}
	return map[string]any{
		"build_architecture": "-", "build_os": "-", "build_platform": platform(t), "build_platform_id": number("platform", platform(t)),
		"build_system_type": "taskcluster", "duration": v.minutes(r), "end_timestamp": v.stamp(r, r.resolved),
		"failure_classification_id": v.tl.classification(r, v.now), "id": r.thID, "job_group_description": "", "job_group_id": number("group", group),
		"job_group_name": group, "job_group_symbol": symbol, "job_guid": uuidOf(t.id) + "/" + itoa(r.id), "job_type_description": "",
		"job_type_id": number("type", t.label), "job_type_name": t.label, "job_type_symbol": t.symbol, "last_modified": v.modified(r).UTC().Format(isoMicro),
		"machine_name": machine, "machine_platform_architecture": "-", "machine_platform_os": "-", "option_collection_hash": v.s.w.optionHash(option(t)),
		"platform": platform(t), "platform_option": option(t), "push_id": t.push.thID, "push_revision": t.push.tip(), "reason": or(r.why, "scheduled"),
		"ref_data_name": signature, "result": v.result(r), "result_set_id": t.push.thID, "retry_id": r.id, "signature": signature,
		"start_timestamp": v.stamp(r, r.started), "state": v.state(r), "submit_timestamp": r.scheduled.Unix(), "task_id": t.id, "tier": tier(t), "who": t.push.user,
	}
}

var (
	jobColumns = strings.Fields(`failure_classification_id id job_group_name job_group_symbol job_type_name job_type_symbol last_modified platform
		push_id push_revision result signature state tier task_id retry_id duration platform_option`)
	projectColumns = strings.Fields(`build_architecture build_os build_platform build_platform_id build_system_type end_timestamp failure_classification_id
		id job_group_description job_group_id job_group_name job_group_symbol job_guid job_type_description job_type_id job_type_name job_type_symbol
		last_modified machine_name machine_platform_architecture machine_platform_os option_collection_hash platform push_id reason ref_data_name result
		result_set_id signature start_timestamp state submit_timestamp tier who task_id retry_id platform_option`)
	jobFilters = strings.Fields(`failure_classification_id id job_group_name job_group_symbol job_guid job_type_name job_type_symbol last_modified
		machine_name option_collection_hash platform push_id reason result retry_id signature state submit_time start_time end_time task_id tier who`)
	projectFilters = append([]string{"result_set_id"}, jobFilters...)
)

// row is a job by columns.
func row(f map[string]any, columns []string) []any {
	out := make([]any, len(columns))
	for i, c := range columns {
		out[i] = f[c]
	}
	return out
}

// dict is a job as an object, in the order of the columns.
func dict(f map[string]any, columns []string) ordered {
	var out ordered
	for _, c := range columns {
		out = append(out, c, f[c])
	}
	return out
}

// A found job carries its fields along.
type found struct {
	r *run
	f map[string]any
}

// match returns the jobs of some pushes that pass the query's filters. Parameters that are no filters are ignored
// without a word. bad is the name and value of a date that cannot be read.
func (v *thView) match(pushes []*push, filters []string) (list []found, bad [2]string) {
	type test struct{ field, op, value string }
	var tests []test
	for _, key := range sortedKeys(v.q) {
		field, op, _ := strings.Cut(key, "__")
		if contains(filters, field) && contains([]string{"", "in", "lt", "lte", "gt", "gte"}, op) {
			tests = append(tests, test{field, op, v.q.Get(key)})
		}
	}
	for _, t := range tests {
		if t.field == "last_modified" || strings.HasSuffix(t.field, "_time") {
			if _, ok := isoTime(t.value); !ok {
				return nil, [2]string{t.field, t.value}
			}
		}
	}
	probe := map[string]any{} // most rows are left out by what can be had without making them
	for _, p := range pushes {
	runs:
		for _, r := range v.runs(p) {
			for _, t := range tests {
				if value, ok := plainField(r, t.field); ok {
					probe[t.field] = value
					if !passes(probe, t.field, t.op, t.value) {
						continue runs
					}
				}
			}
			f := v.fields(r)
			for _, t := range tests {
				if !passes(f, t.field, t.op, t.value) {
					continue runs
				}
			}
			list = append(list, found{r, f})
		}
	}
	return list, bad
}

// plainField is a field of a job that its row is not needed for.
func plainField(r *run, field string) (value any, ok bool) {
	switch field {
	case "job_type_name":
		return r.task.label, true
	case "push_id":
		return r.task.push.thID, true
	case "task_id":
		return r.task.id, true
	}
	return nil, false
}

// isoTime reads the times that Treeherder takes.
func isoTime(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999", "2006-01-02T15:04", "2006-01-02", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// passes applies one filter to one job.
func passes(f map[string]any, field, op, value string) bool {
	if name, ok := strings.CutSuffix(field, "_time"); ok {
		t, _ := isoTime(value)
		return compares("__"+op, f[name+"_timestamp"].(int64), t.Unix())
	}
	if field == "last_modified" {
		has, _ := time.Parse(isoMicro, f[field].(string))
		want, _ := isoTime(value)
		return compares("__"+op, has.UnixMicro(), want.UnixMicro())
	}
	if op == "in" {
		for _, one := range strings.Split(value, ",") {
			if passes(f, field, "", one) {
				return true
			}
		}
		return false
	}
	if n, number := f[field].(int); number {
		want, err := strconv.ParseInt(value, 10, 64)
		return err == nil && compares(strings.TrimSuffix("__"+op, "__"), int64(n), want)
	}
	return f[field] == value
}

// jobs is /api/jobs/: all repositories, by id, in pages.
func (v *thView) jobs() *reply {
	var pushes []*push
	for _, p := range v.s.w.thPushes {
		if p != nil {
			pushes = append(pushes, p)
		}
	}
	if value := v.q.Get("push_id"); value != "" {
		id, err := strconv.Atoi(value)
		if p := v.pushByID(id); err == nil && p != nil {
			pushes = []*push{p}
		} else {
			return v.json(http.StatusBadRequest, obj{"push_id": []string{"Select a valid choice. That choice is not one of the available choices."}})
		}
	}
	if ids, ok := intList(v.q.Get("push_id__in")); ok {
		pushes = nil
		for id := range ids {
			if p := v.pushByID(id); p != nil {
				pushes = append(pushes, p)
			}
		}
	}
	list, bad := v.match(pushes, jobFilters)
	if bad[0] != "" {
		return v.json(http.StatusBadRequest, obj{bad[0]: []string{"Enter a valid date/time."}})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].r.thID < list[j].r.thID })
	return v.page(list)
}

// page cuts one page out of /api/jobs/. More than 2000 a page are clamped without a word.
func (v *thView) page(list []found) *reply {
	size, err := strconv.Atoi(v.q.Get("count"))
	if err != nil || size < 1 {
		size = 100
	}
	size = min(size, 2000)
	n, err := strconv.Atoi(or(v.q.Get("page"), "1"))
	last := max(1, (len(list)+size-1)/size)
	if v.q.Get("page") == "last" {
		n, err = last, nil
	}
	if err != nil || n < 1 || n > last {
		return v.json(http.StatusNotFound, obj{"detail": "Invalid page."})
	}
	rows := []any{}
	for _, x := range list[min(len(list), (n-1)*size):min(len(list), n*size)] {
		rows = append(rows, row(x.f, jobColumns))
	}
	var next, previous any
	if n < last {
		next = v.pageURL(n + 1)
	}
	if n > 1 {
		previous = v.pageURL(n - 1)
	}
	return v.json(http.StatusOK, ordered{"count", len(list), "next", next, "previous", previous, "results", rows, "job_property_names", jobColumns})
}

// pageURL is this request's address on another page.
func (v *thView) pageURL(n int) string {
	q := url.Values{}
	for k, x := range v.q {
		q[k] = x
	}
	q.Set("page", itoa(n))
	if n == 1 {
		q.Del("page")
	}
	u := v.origin() + TreeherderPath + "/api/jobs/"
	if len(q) == 0 {
		return u
	}
	return u + "?" + q.Encode()
}

// projectJobs is /api/project/<name>/jobs/: no order, and offsets that repeat and skip when something changes meanwhile.
func (v *thView) projectJobs(b *branch) *reply {
	offset, err := strconv.Atoi(or(v.q.Get("offset"), "0"))
	count, err2 := strconv.Atoi(or(v.q.Get("count"), "10"))
	if err != nil || err2 != nil || offset < 0 || count < 0 {
		return v.json(http.StatusBadRequest, "Invalid value for offset or count")
	}
	if count > 2000 {
		return v.json(http.StatusBadRequest, obj{"detail": "Specified count exceeds API MAX_JOBS_COUNT value: 2000"})
	}
	var pushes []*push
	for _, p := range b.pushes {
		id := or(v.q.Get("push_id"), v.q.Get("result_set_id"))
		if !p.Empty && (id == "" || id == itoa(p.thID)) {
			pushes = append(pushes, p)
		}
	}
	list, bad := v.match(pushes, projectFilters)
	if bad[0] != "" {
		return v.json(http.StatusBadRequest, "Invalid date value for `"+bad[0]+"`: "+bad[1])
	}
	v.shuffle(list)
	results := []any{}
	asList := v.q.Get("return_type") == "list"
	for _, x := range list[min(offset, len(list)):min(offset+count, len(list))] {
		if asList {
			results = append(results, row(x.f, projectColumns))
		} else {
			results = append(results, dict(x.f, projectColumns))
		}
	}
	body := ordered{"results", results}
	if asList {
		body = append(body, "job_property_names", projectColumns)
	}
	return v.json(http.StatusOK, append(body, "meta", ordered{"repository", b.Name, "offset", offset, "count", count}))
}

// shuffle puts jobs into the order in which a database happens to have them: one that moves when a row is changed.
func (v *thView) shuffle(list []found) {
	keys := make(map[*run][32]byte, len(list))
	for _, x := range list {
		keys[x.r] = v.s.w.hash("heap", x.r.thID, x.f["last_modified"])
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := keys[list[i].r], keys[list[j].r]
		return string(a[:]) < string(b[:])
	})
}
