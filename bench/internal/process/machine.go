package process

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/stat on every Linux that Go runs on (USER_HZ).
const tick = 10 * time.Millisecond

// machineTime is the time that all processors together have been at work since the
// machine started; false where the system does not tell it as Linux does.
func machineTime() (time.Duration, bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	return busyTime(string(text))
}

// busyTime reads the first line of /proc/stat, "cpu  user nice system idle iowait irq
// softirq steal guest guest_nice": all but idle and iowait. Time stolen by another virtual
// machine counts, for it is missed here; guests are in user and nice already.
func busyTime(stat string) (time.Duration, bool) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 5 || fields[0] != "cpu" {
		return 0, false
	}
	var ticks int64
	for i, field := range fields[1:min(len(fields), 9)] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, false
		}
		if i != 3 && i != 4 {
			ticks += n
		}
	}
	return time.Duration(ticks) * tick, true
}
