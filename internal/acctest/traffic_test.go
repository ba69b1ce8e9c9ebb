package acctest

import "testing"

func TestShares(t *testing.T) {
	t.Parallel()
	answers := func(v1, v2, failed int) Answers {
		a := Answers{Total: v1 + v2 + failed, Versions: map[string]int{"v1": v1, "v2": v2}}
		if failed > 0 {
			a.Errors = map[string]int{"Unavailable: no route": failed}
		}
		return a
	}
	// 900 is the mean and 9.5 the standard deviation: the interval reaches 3.9 of them to either side.
	split := Shares(map[string]float64{"v1": 90, "v2": 10})
	for name, c := range map[string]struct {
		want    Want
		answers Answers
		refused bool
	}{
		"the mean":            {want: split, answers: answers(900, 100, 0)},
		"within the interval": {want: split, answers: answers(866, 134, 0)},
		"beyond the interval": {want: split, answers: answers(860, 140, 0), refused: true},
		"one failed call":     {want: split, answers: answers(900, 99, 1), refused: true},
		"all by one":          {want: Only("v1"), answers: answers(1000, 0, 0)},
		"all but one by one":  {want: Only("v1"), answers: answers(999, 1, 0), refused: true},
		"every call fails":    {want: Failing("Unavailable"), answers: answers(0, 0, 1000)},
		"not every call fails": {
			want:    Failing("Unavailable"),
			answers: answers(1, 0, 999),
			refused: true,
		},
		"calls fail with another code": {want: Failing("Aborted"), answers: answers(0, 0, 1000), refused: true},
		"a share fails":                {want: FailingShare("Unavailable", 40), answers: answers(0, 600, 400)},
		"more than the share fails": {
			want:    FailingShare("Unavailable", 40),
			answers: answers(0, 500, 500),
			refused: true,
		},
		"an answer by a version without share": {
			want:    split,
			answers: Answers{Total: 1000, Versions: map[string]int{"v1": 899, "v2": 100, "v3": 1}},
			refused: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.want(c.answers); (err != nil) != c.refused {
				t.Errorf("got %v, want refused = %t", err, c.refused)
			}
		})
	}
}
