package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What is planted: each is legal, and with a small change it is not. found names the partition that must say so.
type plant struct {
	name, found string
	build       func(m *market, bad bool)
}

func judged(build func(*market, bool), bad bool) []verdict {
	m := newMarket()
	build(m, bad)
	found, _ := judge(m.history, patience{first: time.Minute}, "")
	return found
}

func TestPlants(t *testing.T) {
	for _, plant := range append(append(taskPlants, coinPlants...), accessPlants...) {
		t.Run(strings.ReplaceAll(plant.name, " ", "-"), func(t *testing.T) {
			for _, v := range judged(plant.build, false) {
				t.Errorf("its legal twin: %+v", v)
			}
			found := judged(plant.build, true)
			for _, v := range found {
				if v.Verdict == "illegal" && v.Partition == plant.found {
					return
				}
			}
			t.Errorf("not found; found: %+v", found)
		})
	}
}

// The hint names the operation whose answer cannot be, and the picture is written.
func TestHintAndPicture(t *testing.T) {
	m := newMarket()
	m.approve("ok", 310)
	m.call("me.read", "w", "ok", fields{"answer": fields{"coins": 300}})
	m.call("me.read", "w", "ok", fields{"answer": fields{"coins": 310}})
	m.taskEnds("active", 2)
	m.ends("w", 310, 0, 0)
	folder := t.TempDir()
	found, _ := judge(m.history, patience{first: time.Minute}, folder)
	if len(found) != 1 || !strings.HasPrefix(found[0].Hint, "2 me.read") || found[0].WithoutReads != "ok" {
		t.Fatalf("%+v", found)
	}
	if picture, err := os.ReadFile(filepath.Join(folder, "account-w-coins.html")); err != nil || len(picture) == 0 {
		t.Fatal("no picture", err)
	}
}

// What no order was found for in time is not legal.
func TestNotKnown(t *testing.T) {
	c := &partition[int64]{name: "a sum", end: 1000, last: func(s int64) bool { return s == -1 }}
	for i := 0; i < 40; i++ {
		coins := int64(1) << i
		c.add(step[int64]{name: "maybe", end: 1003, maybe: true, apply: func(s int64) (int64, bool) { return s + coins, true }})
	}
	if v := c.judge(50*time.Millisecond, ""); v.Verdict != "unknown" {
		t.Fatalf("%+v", v)
	}
}

// What takes longer is looked at once more.
func TestLonger(t *testing.T) {
	m := hot(1000, 32, 12)
	found, total := judge(m.history, patience{time.Nanosecond, time.Minute}, "")
	if len(found) != 0 || total.Again == 0 {
		t.Fatalf("%+v %+v", found, total)
	}
}

func TestBrokenHistories(t *testing.T) {
	for _, text := range []string{"", "{}", `{"before":{}}`, `{"before":{}}` + "\nno\n" + `{"after":{}}`} {
		if _, err := readHistory(strings.NewReader(text)); err == nil {
			t.Errorf("read: %q", text)
		}
	}
}
