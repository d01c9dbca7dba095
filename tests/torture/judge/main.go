// Judge checks whether a round's history has an order: for each task and each account, whether the operations and what
// they were answered could have happened one after the other, each at a moment between its call and its answer.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"
)

type summary struct {
	Partitions int     `json:"partitions"`
	Operations int     `json:"operations"`
	Illegal    int     `json:"illegal"`
	Unknown    int     `json:"unknown"`
	Again      int     `json:"again"` // were looked at for longer
	Seconds    float64 `json:"seconds"`
}

func main() {
	timeout := flag.Duration("timeout", 20*time.Second, "how long to look for an order of one task or account")
	longer := flag.Duration("longer", 120*time.Second, "and how long where none was found by then")
	html := flag.String("html", "", "a folder for porcupine's pictures of what is not legal")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "judge [--timeout 20s] [--longer 120s] [--html DIR] history.jsonl\n"+
			"exit status: 0 legal, 1 illegal, 2 not known, 3 the history cannot be read")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(3)
	}
	file, err := os.Open(flag.Arg(0))
	if err == nil {
		var h *history
		if h, err = readHistory(file); err == nil {
			os.Exit(tell(os.Stdout, h, patience{*timeout, *longer}, *html))
		}
	}
	fmt.Fprintln(os.Stderr, "judge:", err)
	os.Exit(3)
}

// patience is how long an order is looked for, and how long once more.
type patience struct{ first, longer time.Duration }

func tell(to io.Writer, h *history, patience patience, html string) int {
	begun := time.Now()
	verdicts, total := judge(h, patience, html)
	lines := json.NewEncoder(to)
	lines.SetEscapeHTML(false)
	for _, v := range verdicts {
		v.What, v.Text = "illegal", v.Partition+" ("+v.About+"): no order was found in time"
		if v.Verdict == isIllegal {
			total.Illegal++
			v.Text = v.Partition + " (" + v.About + "): no order of these is possible, from this on: " + v.Hint
		} else {
			total.Unknown++
		}
		_ = lines.Encode(v)
	}
	total.Seconds = float64(time.Since(begun).Milliseconds()) / 1000
	_ = lines.Encode(total)
	switch {
	case total.Illegal > 0:
		return 1
	case total.Unknown > 0:
		return 2
	}
	return 0
}

// judge says of what there is no order, or none was found in time.
func judge(h *history, patience patience, html string) ([]verdict, summary) {
	w := newWorld(h)
	var all []judgement
	for _, c := range taskPartitions(w) {
		all = append(all, c)
	}
	for _, c := range coinPartitions(w) {
		all = append(all, c)
	}
	for _, c := range accessPartitions(w) {
		all = append(all, c)
	}
	for _, c := range busyPartitions(w) {
		all = append(all, c)
	}
	total := summary{Partitions: len(all), Operations: len(h.ops)}
	found := w.strays()
	for i, v := range atOnce(all, patience.first, html) {
		if v.Verdict == isUnknown { // one after the other, for the memory that this takes
			total.Again++
			v = all[i].judge(patience.longer, html)
		}
		if v.Verdict != isLegal {
			found = append(found, v)
		}
	}
	return found, total
}

func atOnce(all []judgement, timeout time.Duration, html string) []verdict {
	verdicts := make([]verdict, len(all))
	turns := make(chan bool, runtime.NumCPU())
	var wait sync.WaitGroup
	for i := range all {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			turns <- true
			verdicts[i] = all[i].judge(timeout, html)
			<-turns
		}(i)
	}
	wait.Wait()
	return verdicts
}
