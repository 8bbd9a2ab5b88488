// Package rules compiles and evaluates the expressions of workflows, and the named rules and decision tables that they call.
//
// Rules know expressions, not files: a [Problem] has a line and a column within its text, and whoever knows the file adds the
// text's place there. What an expression may name comes in a [Scope], with types that were derived from Go; what it is
// evaluated with are facts (see package schemas). Nothing here reaches a clock, an environment or a network, and the same facts
// always give the same answer.
//
// # Language
//
// Expressions are those of expr-lang/expr; its parser, compiler and machine are used, and no other package imports it. Its
// checker is not used: it forgets what lists hold, and knows neither what may be nil nor which words there are. In its place
// stands one that finds the type of every node and writes the tree anew, so that what is compiled is known to be right:
//
//	literals     1  1.5  "text"  'text'  true  nil  [a, b]  {name: a, "other name": b}
//	names        inputs.depth  history[0]  history[-1]  history[1:4]  name[0:4]  counts["a"]
//	nil          last?.push.revision  last?.[0]  a ?? b
//	logic        && and  || or  ! not  a ? b : c  if a { b } else { c }
//	comparison   == != < <= > >=  a < b < c  in  not in  contains  startsWith  endsWith  matches
//	arithmetic   + - * / % **  1..n
//	calls        f(a, b)  a | f(b)
//	predicates   filter(jobs, .tier == 1)  map(list, # + #index)  reduce(list, #acc + #, 0)
//	let          let good = lastGood(history, "skip"); good != nil && good.requested
//	comments     /* … */ and // … to the end of the line
//
// An object in a predicate goes into parentheses, map(jobs, ({id: .id})), since { } there brackets the predicate itself.
// A name that a let binds is new: it hides no other name, function or rule.
//
// # Types
//
// bool, int, float, string, time, duration, lists, maps from text, objects with named members, and any, of which nothing is
// known. An int may stand where a float is wanted, and becomes one. All elements of a list that is written out have one type, and so
// have both branches of ?: and both sides of ??. Values of type any can be compared with == and in, written by string and
// toJSON, and turned into numbers by int and float; for anything else their type has to be known.
//
// A string may have a closed vocabulary: a member such as job.state, a parameter written failed|passed|skip, what a decision table
// gives, a text that is written out. Two strings are compared only where they have a word in common, so that
// job.state == "complete" is a mistake with the nearest right word; and where a vocabulary is wanted, any text will not do.
//
// Times and durations: time - time is a duration, time ± duration a time, duration ± duration and duration * number a
// duration, duration / duration a float. There is no now(): since(job.started, run.now) says how long ago something was,
// by the one moment at which the run looked at the clock. All times are in UTC.
//
// A number divided by a number is a float; dividing by 0 ends the evaluation, and is a mistake where the 0 is written out.
// An int or a duration that grows beyond what 64 bits hold ends it too: nothing begins again at the other end.
// len, parts and indexOf count characters, not bytes. What maps hold comes in the order of its names. Sorting is stable.
//
// # Nil
//
// A type says whether nil is among its values. Where it is, a value has no members (but ?. gives nil), stands in no arithmetic and
// no comparison of order, and fits no parameter that does not say so; it can be compared with == and !=, and replaced by ??.
// A test for nil is remembered wherever it decides: in the rest of && and ||, under !, in both branches of ?:, in lets, through calls of rules,
// and in what filter and find give:
//
//	job.started != nil && since(job.started, run.now) > duration("1h")
//	last == nil ? "none" : last.push.revision
//	map(filter(jobs, .ended != nil), .ended - run.now)
//	lastGood(history, "skip") != nil && lastGood(history, "skip").push.order > 5
//
// [Expr.Ensures] says what is not nil wherever an expression is true, and [Scope].Sure takes that for what stands below.
// A name whose step may be skipped ([Var].Skipped) may be nil for those that allow for it in every reading; those that do not
// are skipped with it.
//
// An index beyond a list's end is not found before it happens; first, last and get give nil there.
//
// # Texts
//
// ${{ }} stands within text; where it ends is for the lexer to say, so that a }} in quotes, or one that closes objects, does not end it.
// A text that is one ${{ }} and nothing else keeps its expression's type. In any other, values are written: numbers and true or
// false as in an expression, times as 2025-03-01T12:00:00Z, durations as 1h30m0s, lists of these with a comma and a space between. What may be nil,
// objects and maps have nothing to be written as: ?? gives another value, and string writes JSON. ${{ itself is
// written ${{ "${{" }}.
//
// # Rules
//
// A [Rule] is an expression with typed parameters, or a decision table whose first row that holds gives the answer. It sees its
// parameters, functions and other rules, and nothing of the workflow. A table that can end without a row gives nil then;
// one with an else, or with a row for each word of a parameter, does not. A row that nothing reaches is a mistake.
//
// A rule is checked once for its parameters' types, which are written as in [Param]. A call puts its body in the call's place, with lets for the
// parameters; one with a parameter of type any is checked anew for what it gets, and a mistake that is found then
// is placed in the rule and names the calls. A rule that reaches itself is a mistake. [Set.Decide] evaluates a rule alone and says which row held.
//
// # Bounds
//
// Texts are bounded in length, trees in depth and nodes, predicates in how many stand within one another. An evaluation
// counts the elements that it walks over, each loop when it starts, and the lists and texts that it makes; it ends with an
// [EvalError] where it reaches a bound, and with the context's error where that has ended. Nothing is timed, so that the same
// facts always end alike.
//
// # Coverage
//
// In a context from [WithCoverage] evaluations count how often each operand of each condition was true and false, and each
// row of a table chosen. They use another compilation then, which is made when it is first needed; other evaluations pay nothing.
//
// # What is read
//
// Where a name's type is followed ([schemas.Type.Followed]), all that is made of it keeps its origins, and [Expr.Reads] says which parts of which
// answers an expression reads: what it names, compares, writes or tests, itself and in the rules that it calls, which are checked
// once more for what they get. A value that is only handed on is not read here: the type of what comes out still has its origins.
//
// # Functions
//
// T and U stand for any type, N for int, float or duration, K for what has an order: int, float, string, time, duration. [T]
// is a list, {T} a map, T? may be nil, T... comes one or more times, and T => U is a predicate. [Functions] has this table as data.
//
//	abs(N) N  the value without its sign
//	all([T], T => bool) bool  whether the condition holds for every element; true for an empty list
//	any([T], T => bool) bool  whether the condition holds for an element
//	ceil(float) float  the least whole number that is not smaller
//	concat([T]...) [T]  the lists one after the other
//	count([bool]) int
//	count([T], T => bool) int  how many elements the condition holds for
//	date(string) time?  the time that a text says: 2025-03-01, or 2025-03-01T12:00:00Z; nil where it is none. A text that is written out is checked, and never nil
//	duration(string) duration?  the duration that a text says: 90s, 15m, 1h30m; nil where it is none. A text that is written out is checked, and never nil
//	everyNth([T], int) [T]  the n-th element, the 2n-th, and so on: everyNth([1, 2, 3, 4, 5], 2) is [2, 4]
//	filter([T], T => bool) [T]  the elements for which the condition holds; what it tests for nil is known of them
//	find([T], T => bool) T?  the first element for which the condition holds
//	findIndex([T], T => bool) int?  the place of the first element for which the condition holds, from 0
//	findLast([T], T => bool) T?  the last element for which the condition holds
//	findLastIndex([T], T => bool) int?  the place of the last element for which the condition holds, from 0
//	first([T]) T?  the first element
//	flatten([[T]]) [T]  the elements of the lists in a list, one level deep
//	float(float) float
//	float(string) float?
//	float(any) float?  the number with a fraction; nil where a text is none
//	floor(float) float  the greatest whole number that is not larger
//	fromBase64(string) string?  the text that is written in base 64; nil where it is none
//	fromJSON(string) any  the value that is written in JSON, of any type; nil where it is none
//	fromPairs([{key: string, value: T}]) {T}  a list of names and values as a map; the last of equal names wins
//	get([T], int) T?
//	get({T}, string) T?  the element at a place (from the end where it is negative) or of a name
//	groupBy([T], T => string) {[T]}  the elements by what the predicate gives for each
//	hasPrefix(string, string) bool  whether the text starts with the other
//	hasSuffix(string, string) bool  whether the text ends with the other
//	hour(time) int  the hour of the day in UTC, 0 to 23
//	hours(duration) float  the duration in hours
//	indexOf(string, string) int?  where the other starts in the text, in characters from 0; nil where it does not
//	int(float) int
//	int(string) int?
//	int(any) int?  the number without its fraction; nil where a text is no whole number
//	join([string]) string
//	join([string], string) string  the texts, with the second between them
//	keys({T}) [string]  the names in a map, in order
//	last([T]) T?  the last element
//	lastIndexOf(string, string) int?  where the other starts for the last time; nil where it does not
//	len([T]) int
//	len(string) int
//	len({T}) int  how many elements a list or a map has, or characters a text
//	lower(string) string  the text in small letters
//	map([T], T => U) [U]  what the predicate gives for each element
//	max([K]) K?
//	max(K...) K  the greatest
//	mean([float]) float?  the mean
//	median([float]) float?  the middle one in order, or the mean of the two in the middle
//	min([K]) K?
//	min(K...) K  the least
//	minutes(duration) float  the duration in minutes
//	none([T], T => bool) bool  whether the condition holds for no element
//	one([T], T => bool) bool  whether the condition holds for exactly one element
//	reduce([T], T => U, U) U  starts with the third argument as #acc, and makes it what the predicate gives for each element
//	repeat(string, int) string  the text n times
//	replace(string, string, string) string  the text with every occurrence of the second replaced by the third
//	reverse([T]) [T]  the list from its end
//	round(float) float  the nearest whole number
//	seconds(duration) float  the duration in seconds
//	since(time, time) duration  how long before the second time the first was: since(job.ended, run.now)
//	sort([K]) [K]
//	sort([K], asc|desc) [K]  the list in order; equal elements keep theirs
//	sortBy([T], T => K) [T]
//	sortBy([T], T => K, asc|desc) [T]  the elements ordered by what the predicate gives for each; equal ones keep their order
//	split(string, string) [string]
//	split(string, string, int) [string]  the parts of the text between the separators; at most n of them, the last one unsplit
//	string(any) string  the value as text: times as 2025-03-01T12:00:00Z, durations as 1h30m0s, lists and objects as JSON, nil as nothing
//	sum([N]) N
//	sum([T], T => N) N  the sum of the elements, or of what the predicate gives for each
//	take([T], int) [T]  the first n elements, or all where there are fewer
//	toBase64(string) string  the text in base 64
//	toJSON(any) string  the value as JSON, members by name
//	toPairs({T}) [{key: string, value: T}]  a map as a list, in the order of its names
//	trim(string) string
//	trim(string, string) string  the text without white space, or the characters of the second, at its ends
//	trimPrefix(string, string) string  the text without that at its start
//	trimSuffix(string, string) string  the text without that at its end
//	type(any) nil|bool|int|float|string|time|duration|list|map  what kind of value it is
//	uniq([T]) [T]  the list without what was in it before
//	upper(string) string  the text in capitals
//	values({T}) [T]  the values of a map, in the order of their names
//	weekday(time) monday|tuesday|wednesday|thursday|friday|saturday|sunday  the day of the week in UTC
//	without([T], [T]) [T]  the elements of the first list that are not in the second
//	zip([T], [U]) [{left: T, right: U}]  the elements of two lists side by side, as far as the shorter one goes
package rules
