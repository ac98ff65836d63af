package cases

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// arrival is a raw file that comes, and what is then done about it.
type arrival struct {
	From, To string   // To is relative to the folder of the work
	Args     []string // program and arguments
	Stdin    string   // its standard input
}

// ArrivalsArgument is the first argument that makes this program the one that has files come. A shell
// would start two more programs for each of them, which takes as long as a tenth of a small build.
const ArrivalsArgument = "__arrivals"

const arrivalsFile = "arrivals.json"

// writeArrivals returns the command for what comes into a folder.
func writeArrivals(dir string, all []arrival) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return []string{self, ArrivalsArgument}, os.WriteFile(filepath.Join(dir, arrivalsFile), data, 0o644)
}

// Arrive has the files of this folder come, one after the other, and ends the program, if it was started for
// that.
func Arrive() {
	if len(os.Args) != 2 || os.Args[1] != ArrivalsArgument {
		return
	}
	if err := arrive(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func arrive() error {
	data, err := os.ReadFile(arrivalsFile)
	if err != nil {
		return err
	}
	var all []arrival
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for _, a := range all {
		if err := os.MkdirAll(filepath.Dir(a.To), 0o755); err != nil {
			return err
		}
		if err := os.Link(a.From, a.To); err != nil {
			if err := copyFile(a.From, a.To); err != nil {
				return err
			}
		}
		c := exec.Command(a.Args[0], a.Args[1:]...)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if a.Stdin != "" {
			c.Stdin = strings.NewReader(a.Stdin)
		}
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", a.To, err)
		}
	}
	return nil
}
