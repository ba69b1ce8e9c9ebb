package acceptance_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// invalidLifecycles are wrong in what a resource says about its own changes.
var invalidLifecycles = map[string]invalid{
	"an unknown mode": {
		top(`propagation = { mode = "fast" }`), "propagation.mode", `"fast"`, nil,
	},
	"an empty mode": {
		top(`propagation = { mode = "" }`), "propagation.mode", "must be one of", nil,
	},
	"a mode in upper case": {top(`propagation = { mode = "ACK" }`), "propagation.mode", `"ACK"`, nil},
	"a wait that is no duration": {
		top(`propagation = { settle = "5 seconds" }`),
		"propagation.settle",
		`from 0s to 60s, such as "2s"; it is "5 seconds"`,
		nil,
	},
	"an empty wait": {
		top(`propagation = { settle = "" }`), "propagation.settle", "from 0s to 60s", nil,
	},
	"a number as wait": {
		top(`propagation = { settle = 5 }`), "propagation.settle", "from 0s to 60s", nil,
	},
	"a negative wait": {
		top(`propagation = { settle = "-1s" }`), "propagation.settle", "from 0s to 60s", nil,
	},
	"a wait over a minute": {
		top(`propagation = { settle = "60001ms" }`), "propagation.settle", "from 0s to 60s", nil,
	},
	"a huge wait": {top(`propagation = { settle = "` + strings.Repeat("9", 5000) +
		`s" }`), "propagation.settle", "from 0s to 60s", nil},
	"a wait that draws": {
		top(`propagation = { settle = "1s\u001b[2J\u202e" }`), "propagation.settle", `\x1b`, nil,
	},
	"a timeout of acknowledgements of none": {
		top(`propagation = { timeout = "0s" }`), "propagation.timeout", "from 1s to 10m", nil,
	},
	"a timeout of eleven minutes": {
		top(`propagation = { mode = "ack", timeout = "11m" }`), "propagation.timeout", "from 1s to 10m", nil,
	},
	"a break of six minutes": {
		top(`propagation = { settle_after_failure = "6m" }`), "propagation.settle_after_failure", "from 0s to 5m", nil,
	},
	"an unknown thing to do at a timeout": {
		top(`propagation = { on_timeout = "fail" }`), "propagation.on_timeout", `"fail"`, nil,
	},
	"two durations at once": {
		top(`propagation = { settle = "x", timeout = "y" }`),
		"propagation.settle",
		"from 0s to 60s",
		[]string{"propagation.timeout"},
	},
	"an unknown deletion": {top(`deletion = "keep"`), "deletion", `"keep"`, nil},
	"an empty deletion":   {top(`deletion = ""`), "deletion", "must be one of", nil},
	"an unknown party":    {top(`weights_managed_by = "argo"`), "weights_managed_by", `"argo"`, nil},
	"an empty party":      {top(`weights_managed_by = ""`), "weights_managed_by", "must be one of", nil},
	"no time to create":   {top(`timeouts = { create = "0s" }`), "timeouts.create", "from 1s to 1h", nil},
	"no time to read":     {top(`timeouts = { read = "999ms" }`), "timeouts.read", "from 1s to 1h", nil},
	"a day to update": {
		top(`timeouts = { update = "24h" }`), "timeouts.update", "from 1s to 1h", nil,
	},
	"an empty time to delete": {top(`timeouts = { delete = "" }`), "timeouts.delete", "from 1s to 1h", nil},
	"a time that overflows": {
		top(`timeouts = { delete = "9223372036854775808ns" }`), "timeouts.delete", "from 1s to 1h", nil,
	},
	"a time that is no number": {
		top(`timeouts = { delete = "NaNs" }`), "timeouts.delete", "from 1s to 1h", nil,
	},
	"no step": {
		top("max_weight_step = 0"), "max_weight_step", "between 1 and 100 percent points, got 0", nil,
	},
	"a negative step":       {top("max_weight_step = -20"), "max_weight_step", "got -20", nil},
	"a step over a hundred": {top("max_weight_step = 101"), "max_weight_step", "got 101", nil},
	"half a step": {
		top("max_weight_step = 0.5"), "max_weight_step", "must be a whole number, got 0.5", nil,
	},
	"a huge step": {
		top("max_weight_step = 1" + strings.Repeat("0", 400)), "max_weight_step", "must be between", nil,
	},
	"the owner's mark as an annotation": {
		top(`annotations = { "terraform-provider-mesh/owner" = "me" }`), "annotations[terraform-provider-mesh/owner]",
		"set owner in the provider block", nil,
	},
}

// refusedByBothForms checks that each change of a valid route is refused, in both compact forms.
func refusedByBothForms(t *testing.T, cases map[string]invalid) {
	t.Helper()
	s := newServer(t)
	for resourceType, valid := range map[string]string{
		"mesh_canary_route":   validRoute,
		"mesh_weighted_split": validSplit,
	} {
		for name, c := range cases {
			t.Run(resourceType+"/"+name, func(t *testing.T) {
				t.Parallel()
				refused(t, s.validate(t, resourceType, strings.Replace(valid, c.change.old, c.change.new, 1)), c)
			})
		}
	}
}

func TestValidateLifecycle_refused(t *testing.T) {
	t.Parallel()
	refusedByBothForms(t, invalidLifecycles)
}

func TestValidateLifecycle_accepted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, attributes := range map[string]string{
		"nothing is said": "propagation = {}\ntimeouts = {}",
		"null is said": "propagation = null\ntimeouts = null\nadopt = null\ndeletion = " +
			"null\nweights_managed_by = null\nmax_weight_step = null",
		"the shortest and longest": "propagation = { settle = \"0s\", timeout = \"10m\" }\ntimeouts = { create = " +
			"\"1s\", read = \"1h\", update = \"60m\", delete = \"3600s\" }",
		"what happens at a timeout": "propagation = { mode = \"auto\", timeout = \"3m\", on_timeout = \"stop\", " +
			"settle_after_failure = \"0s\" }",
		"the longest wait": "propagation = { mode = \"none\", settle = \"60s\", timeout = \"1s\" }",
		"all of it is not known yet": "propagation = unknown\ntimeouts = unknown\nadopt = unknown\ndeletion = " +
			"unknown\nweights_managed_by = unknown\nmax_weight_step = unknown",
		"each part is not known yet": "propagation = { mode = unknown, settle = unknown, settle_after_failure = " +
			"unknown, timeout = unknown, on_timeout = unknown }\ntimeouts = { create = unknown, read = unknown, " +
			"update = unknown, delete = unknown }",
		"the smallest step":       "max_weight_step = 1",
		"the largest step":        "max_weight_step = \"100\"",
		"to adopt and to restore": "adopt = true\ndeletion = \"restore\"\nweights_managed_by = \"other\"",
		"to make and to abandon":  "adopt = false\ndeletion = \"abandon\"\nweights_managed_by = \"terraform\"",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for resourceType, valid := range map[string]string{
				"mesh_canary_route":   validRoute,
				"mesh_weighted_split": validSplit,
			} {
				for _, d := range s.validate(t, resourceType, valid+attributes) {
					t.Errorf("%s at %s: %s", resourceType, placeOf(d), d.Detail)
				}
			}
		})
	}
}

// What a provider block says about owner and propagation is checked when the provider is configured.
func TestConfigureLifecycle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ block, at, says string }{
		"an owner":                   {block: `owner = "shop/prod ⛵"`},
		"no owner":                   {block: `owner = null`},
		"an empty owner is none":     {block: `owner = ""`},
		"an owner of 128 characters": {block: `owner = "` + strings.Repeat("x", 128) + `"`},
		"an owner of 129 characters": {
			`owner = "` + strings.Repeat("x", 129) + `"`, "owner", "at most 128 characters",
		},
		"a huge owner":                {`owner = "` + strings.Repeat("x", 1<<20) + `"`, "", ""},
		"an owner with a line feed":   {`owner = "a\nb"`, "owner", "printable"},
		"an owner that draws":         {`owner = "a\u001b[2J"`, "owner", "printable"},
		"an owner from right to left": {`owner = "a\u202eb"`, "owner", "printable"},
		"an unknown owner":            {block: `owner = unknown`},
		"an unknown mode":             {`propagation = { mode = "fast" }`, "propagation.mode", "must be one of"},
		"an empty mode":               {`propagation = { mode = "" }`, "propagation.mode", "must be one of"},
		"a mode not known yet": {block: `propagation = { mode = unknown, settle = unknown, timeout = ` +
			`unknown, istiod_namespace = unknown, istiod_addresses = unknown }`},
		"an address not known yet": {block: `propagation = { istiod_addresses = [unknown] }`},
		"an unknown thing to do": {
			`propagation = { on_timeout = "" }`, "propagation.on_timeout", "must be one of",
		},
		"a break that is negative": {
			`propagation = { settle_after_failure = "-1s" }`, "propagation.settle_after_failure", "from 0s to 5m",
		},
		"a negative wait": {
			`propagation = { settle = "-1s" }`, "propagation.settle", "from 0s to 60s",
		},
		"an empty wait":    {`propagation = { settle = "" }`, "propagation.settle", "from 0s to 60s"},
		"an empty timeout": {`propagation = { timeout = "" }`, "propagation.timeout", "from 1s to 10m"},
		"a timeout that is no duration": {
			`propagation = { timeout = "soon" }`, "propagation.timeout", "from 1s to 10m",
		},
		"a namespace that is none": {
			`propagation = { istiod_namespace = "A_B" }`, "propagation.istiod_namespace", "namespace",
		},
		"an empty namespace": {
			`propagation = { istiod_namespace = "" }`, "propagation.istiod_namespace", "namespace",
		},
		"an address": {block: `propagation = { mode = "ack", istiod_addresses = ` +
			`["http://127.0.0.1:15014", "https://istiod.example:15014/"] }`},
		"an address without scheme": {
			`propagation = { istiod_addresses = ["127.0.0.1:15014"] }`,
			"propagation.istiod_addresses[0]",
			"must be a URL",
		},
		"an empty address": {
			`propagation = { istiod_addresses = ["http://127.0.0.1:15014", ""] }`,
			"propagation.istiod_addresses[1]",
			"must be a URL",
		},
		"an address of a file": {
			`propagation = { istiod_addresses = ["file:///etc/passwd"] }`,
			"propagation.istiod_addresses[0]",
			"must be a URL",
		},
		"an address without host": {
			`propagation = { istiod_addresses = ["http://"] }`, "propagation.istiod_addresses[0]", "must be a URL",
		},
		"an address with a line feed": {
			`propagation = { istiod_addresses = ["http://a\nb"] }`, "propagation.istiod_addresses[0]", "must be a URL",
		},
		"a huge address": {`propagation = { istiod_addresses = ["` + strings.Repeat("x", 5000) +
			`"] }`, "propagation.istiod_addresses[0]", "must be a URL"},
		"an address that is null": {
			`propagation = { istiod_addresses = [null] }`, "propagation.istiod_addresses[0]", "",
		},
		"a wrong address with credentials": {
			`propagation = { istiod_addresses = ["ftp://user:marker-4711@istiod"] }`,
			"propagation.istiod_addresses[0]",
			"must be a URL",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnostics := configure(t, c.block)
			var got, texts []string
			for _, d := range diagnostics {
				got, texts = append(got, placeOf(d)), append(texts, d.Detail)
			}
			text := strings.Join(texts, "\n")
			if strings.Contains(text, "marker-4711") || len(text) > 4000 {
				t.Errorf("%d bytes of text: %.300q", len(text), text)
			}
			if name == "a huge owner" {
				if len(got) == 0 {
					t.Error("it is accepted")
				}
				return
			}
			var want []string
			if c.at != "" {
				want = []string{c.at}
			}
			if diff := cmp.Diff(want, got); diff != "" || !strings.Contains(text, c.says) {
				t.Errorf("errors at (-want +got):\n%s\nwith %q:\n%s", diff, c.says, text)
			}
		})
	}
}

// configure returns what is said of a provider block, when it is checked and when it is used.
func configure(t *testing.T, block string) []*tfprotov6.Diagnostic {
	t.Helper()
	s := newServer(t)
	config := parseHCL(t, s.schemas.Provider.ValueType(), "host = \"http://127.0.0.1:1\"\n"+block)
	raw, err := tfprotov6.NewDynamicValue(config.Type(), config)
	if err != nil {
		t.Fatal(err)
	}
	validated, err := s.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: &raw})
	if err != nil {
		t.Fatal(err)
	}
	if len(validated.Diagnostics) > 0 {
		return validated.Diagnostics
	}
	configured, err := s.ConfigureProvider(t.Context(),
		&tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: &raw})
	if err != nil {
		t.Fatal(err)
	}
	return configured.Diagnostics
}
