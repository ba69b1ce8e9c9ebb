package istio

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// spell returns a message's JSON as protobuf reads it where istiod reads more. Durations are in seconds: people write
// `100ms` and `24h` into objects, which istiod reads as Go does, and the API server keeps what was written. Of a field
// that stands there under both its names, such as mirrorPercent and mirror_percent, istiod takes the first of these.
// Source: istio.io/istio pkg/util/protomarshal, which uses jsonpb.
func spell(d protoreflect.MessageDescriptor, tree map[string]any) map[string]any {
	spelled := make(map[string]any, len(tree))
	for name, value := range tree {
		fd := d.Fields().ByJSONName(name)
		if fd == nil {
			fd = d.Fields().ByTextName(name)
		}
		if fd != nil {
			if _, both := tree[fd.JSONName()]; both && name != fd.JSONName() {
				continue
			}
			value = spellValue(fd, value)
		}
		spelled[name] = value
	}
	return spelled
}

func spellValue(fd protoreflect.FieldDescriptor, value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = spellValue(fd, v[i])
		}
		return list
	case map[string]any:
		if fd.Message() == nil {
			return v
		}
		if !fd.IsMap() {
			return spell(fd.Message(), v)
		}
		entries := make(map[string]any, len(v))
		for key, entry := range v {
			entries[key] = spellValue(fd.MapValue(), entry)
		}
		return entries
	case string:
		if fd.Message() == nil || fd.Message().FullName() != "google.protobuf.Duration" {
			return v
		}
		if d, err := time.ParseDuration(v); err == nil {
			return seconds(d)
		}
	}
	return value
}

// seconds writes a duration in seconds, to the nanosecond.
func seconds(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign = "-"
	}
	whole, nanos := d/time.Second, d%time.Second
	text := sign + strconv.FormatUint(magnitude(whole), 10)
	if nanos != 0 {
		digits := strconv.FormatUint(magnitude(nanos), 10)
		text += "." + strings.Repeat("0", 9-len(digits)) + digits
	}
	return text + "s"
}

func magnitude(d time.Duration) uint64 {
	if d < 0 {
		return uint64(-d)
	}
	return uint64(d)
}
