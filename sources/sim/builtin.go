package sim

import (
	"embed"
	"fmt"
	"path"
	"strings"

	"github.com/mozci/mozci-run/schemas/yamldoc"
)

//go:embed scenarios/*.yaml
var scenarioFiles embed.FS

// Scenarios lists the names of the scenarios that ship, sorted.
func Scenarios() []string {
	files, err := scenarioFiles.ReadDir("scenarios")
	if err != nil {
		panic(err) // they are embedded
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// Named returns a scenario that ships.
func Named(name string) (Scenario, error) {
	file := path.Join("scenarios", name+".yaml")
	text, err := scenarioFiles.ReadFile(file)
	if err != nil {
		return Scenario{}, fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(Scenarios(), ", "))
	}
	return ParseScenario(file, text)
}

// ParseScenario reads a scenario file. What its base says holds where it says nothing itself; lists are taken whole. The
// error shows all problems with their places. Whether the parts fit together is New's to say.
func ParseScenario(file string, text []byte) (Scenario, error) {
	return parseScenario(file, text, 0)
}

func parseScenario(file string, text []byte, depth int) (sc Scenario, err error) {
	n, problems := yamldoc.Parse(file, text)
	if len(problems) > 0 {
		return sc, yamldoc.AsError(problems)
	}
	if base := n.Get("base"); base != nil {
		from, err := scenarioFiles.ReadFile(path.Join("scenarios", base.Value+".yaml"))
		if err != nil || depth > 3 {
			return sc, yamldoc.AsError([]yamldoc.Problem{base.Problem("unknown-base", fmt.Sprintf("there is no scenario %q to build on; there are %s", base.Value, strings.Join(Scenarios(), ", ")))})
		}
		if sc, err = parseScenario(base.Value+".yaml", from, depth+1); err != nil {
			return sc, err
		}
	}
	return sc, yamldoc.AsError(yamldoc.Decode(n, &sc))
}
