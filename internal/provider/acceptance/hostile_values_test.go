package acceptance_test

import (
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const (
	megabyte = 1 << 20
	// many and manyObjects are the most elements that the guard lets pass.
	many        = 5_000
	manyObjects = 1_000
)

// hostileTexts are values for a string, a map's key, an import id, an environment variable and a path.
var hostileTexts = map[string]string{
	"nothing": "", "a space": " ", "spaces": "    ", "a tab": "\t", "a line feed": "\n", "a carriage return": "\r",
	"NUL": "\x00", "NUL inside": "a\x00b", "every control character": controlCharacters(),
	"a terminal's title":         "\x1b]0;owned\a",
	"a coloured text":            "\x1b[31mred\x1b[0m",
	"a cleared screen":           "\x1b[2J\x1b[H",
	"C1 controls":                "\u0085\u009b31m\u009d",
	"writing turned around":      "a\u202eb\u202cc",
	"isolated directions":        "\u2066a\u2067b\u2068c\u2069",
	"letters that do not show":   "v\u200b1\u200d\ufeff\u00ad",
	"hidden tags":                "v1\U000e0041\U000e007f",
	"no character":               "\ufffe\uffff\U0010ffff",
	"separators of lines":        "a\u2028b\u2029c",
	"no UTF-8":                   "\xff\xfe",
	"half a rune":                "v\xc3",
	"an overlong rune":           "\xc0\xaf",
	"a surrogate":                "\xed\xa0\x80",
	"no UTF-8 in the middle":     "gr\xfc\xdfe",
	"a homoglyph":                "grееter",
	"letters from right to left": "שלום.example",
	"an international name":      "größe.example",
	"punycode":                   "xn--gre-6ka8k.example",
	"emoji":                      "🚦", "combining marks": "a" + strings.Repeat("\u0301", 300), "full width": "ｇｒｅｅｔｅｒ",
	"upper case":             "GREETER",
	"64 letters":             strings.Repeat("a", 64),
	"254 letters":            strings.Repeat("a", 254),
	"a name of many labels":  strings.Repeat("a.", 126) + "a",
	"1 MB of one letter":     strings.Repeat("a", megabyte),
	"1 MB of escapes":        strings.Repeat("\x1b", megabyte),
	"1 MB of quotes":         strings.Repeat(`"`, megabyte),
	"1 MB of labels":         strings.Repeat("a.", megabyte/2),
	"1 MB of slashes":        strings.Repeat("/", megabyte),
	"1 MB without UTF-8":     strings.Repeat("\xff", megabyte),
	"a trailing dot":         "greeter.",
	"two dots":               "a..b",
	"a dot":                  ".",
	"a dash":                 "-",
	"a leading dash":         "-rf",
	"an underscore":          "a_b",
	"an asterisk":            "*",
	"a wildcard":             "*.example",
	"a wildcard inside":      "a.*.example",
	"two wildcards":          "**",
	"a wildcard with a port": "*:80",
	"IPv4":                   "10.0.0.1",
	"IPv6":                   "2001:db8::1",
	"IPv6 in brackets":       "[::1]:80",
	"IPv4 in octal":          "0127.0.0.1",
	"a zone":                 "fe80::1%eth0",
	"a host with a port":     "greeter:50051", "a URL": "https://user:pass@greeter/", "a query": "/a?b=c#d",
	"a path up":                           "../../etc/passwd",
	"a path from the root":                "/etc/passwd",
	"a path in percent":                   "%2e%2e%2f",
	"a Windows path":                      `..\..\windows`,
	"namespace and name":                  "a/b/c/d",
	"a regex of exponential kind":         "(a+)+$",
	"a regex that overlaps":               "(a|aa)+$",
	"a regex of many stars":               ".*.*.*=.*",
	"a regex of repeats":                  "a{1000}{1000}",
	"a regex of nested repeats":           "((a{100}){100}){100}",
	"a regex of 1,100 letters":            strings.Repeat("[a-z]", 220),
	"a regex for a byte":                  `\C`,
	"a regex that refers back":            `(a)\1`,
	"a regex that looks ahead":            "(?=a)b",
	"a regex that looks behind":           "(?<!a)b",
	"an open group":                       "(((",
	"an open class":                       "[a-",
	"an open escape":                      `\`,
	"a regex of deep groups":              strings.Repeat("(", 5_000) + strings.Repeat(")", 5_000),
	"a regex of 999 repeats":              "(x{999}){999}",
	"a possessive regex":                  "a++",
	"a regex of classes":                  `\p{Greek}\p{Klingon}`,
	"a header after a header":             "a\r\nX-Injected: b",
	"a response after a response":         "a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
	"a pseudo header":                     ":path",
	"the host header":                     "Host",
	"a header with a space":               "x y",
	"a header with a colon":               "x:y",
	"Envoy's operator":                    "%START_TIME%",
	"Envoy's operator with an argument":   "%REQ(authorization)%",
	"two percent signs":                   "%%",
	"one percent sign":                    "%",
	"Envoy's metadata":                    "%DYNAMIC_METADATA([\"a\"])%",
	"an open operator":                    "%REQ(",
	"a template of Terraform":             "${var.secret}",
	"a directive of Terraform":            "%{ for x in y }",
	"a template of Go":                    "{{.}}",
	"a call in a template":                "{{call .os.Exit 1}}",
	"a format":                            "%s%n%!d(MISSING)%[1]*v",
	"a shell's command":                   "$(touch /tmp/owned)`id`; rm -rf /",
	"a tag of YAML":                       "!!python/object/apply:os.system [id]",
	"an anchor of YAML":                   "&a [*a, *a]",
	"a list of YAML":                      "\n- x: y\n---\nkind: Secret",
	"a key of YAML":                       ": x",
	"a boolean of YAML":                   "no",
	"JSON":                                `{"kind":"List","items":[null]}`,
	"an entity of XML":                    `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>`,
	"a quotation":                         `"'` + "`",
	"SQL":                                 "'; DROP TABLE routes; --",
	"a comparison in CEL":                 "request.headers['a'] == 'b'",
	"a number as a text":                  "1e309",
	"not a number":                        "NaN",
	"a long duration":                     "9999999999h",
	"a duration in powers":                "1e9h",
	"a duration that is not a number":     "NaNs",
	"a duration of a hundred nanoseconds": "0.0000001s",
	"a negative duration":                 "-1s",
	"a duration with a space":             "5000 ms",
	"a duration of nothing":               "0",
	"the longest duration":                "2562047h47m16.854775807s",
	"a duration of the empty unit":        "5",
	"a duration of infinity":              "Infs",
	"a percentage":                        "50%",
	"a percentage of more":                "101%",
	"an enumeration in lower case":        "round_robin",
	"an enumeration's number":             "1",
	"base64 that is none":                 "a===",
	"null as a text":                      "null",
}

func controlCharacters() string {
	var b strings.Builder
	for r := range rune(0xa0) {
		if r < 0x20 || r >= 0x7f {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hostileNumbers are values for a number.
var hostileNumbers = map[string]*big.Float{
	"zero": big.NewFloat(0), "negative zero": big.NewFloat(math.Copysign(0, -1)), "minus one": big.NewFloat(-1),
	"a fraction": big.NewFloat(33.333), "half": big.NewFloat(0.5),
	"101": big.NewFloat(101), "a port too high": big.NewFloat(65536), "2^31": big.NewFloat(1 << 31),
	"2^32":              big.NewFloat(1 << 32),
	"2^63":              new(big.Float).SetMantExp(big.NewFloat(1), 63),
	"-2^63":             new(big.Float).SetMantExp(big.NewFloat(-1), 63),
	"2^64":              new(big.Float).SetMantExp(big.NewFloat(1), 64),
	"the largest float": big.NewFloat(math.MaxFloat64),
	"1e308":             big.NewFloat(1e308), "the smallest float": big.NewFloat(math.SmallestNonzeroFloat64),
	"1e1000":     number("1e1000"),
	"1e-1000":    number("1e-1000"),
	"-1e400":     number("-1e400"),
	"400 digits": number(strings.Repeat("9", 400)),
	"infinity":   big.NewFloat(math.Inf(1)), "negative infinity": big.NewFloat(math.Inf(-1)),
}

func number(text string) *big.Float {
	f, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return f
}

// hostileValue is a value, and what it is.
type hostileValue struct {
	name  string
	value tftypes.Value
	// huge values take long to make and to send.
	huge bool
}

// hostileValues are values of a type, ordered by what they are.
func hostileValues(t tftypes.Type) []hostileValue {
	var list []hostileValue
	values := valuesOf(t)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, hostileValue{name, values[name], strings.Contains(name, "1 MB") ||
			strings.Contains(name, "many ") || strings.Contains(name, ",000")})
	}
	return list
}

func valuesOf(t tftypes.Type) map[string]tftypes.Value {
	values := map[string]tftypes.Value{
		"null": tftypes.NewValue(t, nil), "unknown": tftypes.NewValue(t, tftypes.UnknownValue),
	}
	n := many
	switch t := t.(type) {
	case tftypes.List:
		if t.ElementType.Is(tftypes.Object{}) {
			n = manyObjects
		}
		empty, none := blank(t.ElementType), tftypes.NewValue(t.ElementType, nil)
		values["no elements"] = tftypes.NewValue(t, []tftypes.Value{})
		values["an empty element"] = tftypes.NewValue(t, []tftypes.Value{empty})
		values["the same element twice"] = tftypes.NewValue(t, []tftypes.Value{empty, empty})
		values["null in a list"] = tftypes.NewValue(t, []tftypes.Value{none})
		values["unknown in a list"] = tftypes.NewValue(t,
			[]tftypes.Value{tftypes.NewValue(t.ElementType, tftypes.UnknownValue), empty})
		values["many empty elements"] = tftypes.NewValue(t, repeated(n, empty))
		values["many times null"] = tftypes.NewValue(t, repeated(n, none))
		values["many times unknown"] = tftypes.NewValue(t,
			repeated(n, tftypes.NewValue(t.ElementType, tftypes.UnknownValue)))
		if t.ElementType.Is(tftypes.String) {
			values["too many names"] = tftypes.NewValue(t, named(4*many, ""))
			values["many names"] = tftypes.NewValue(t, named(many, ""))
			values["2,000 names"] = tftypes.NewValue(t, named(2000, ""))
			values["2,000 names that are none"] = tftypes.NewValue(t, named(2000, "_"))
		}
	case tftypes.Map:
		if t.ElementType.Is(tftypes.Object{}) {
			n = manyObjects
		}
		for name, key := range hostileTexts {
			values["the key "+name] = tftypes.NewValue(t, map[string]tftypes.Value{key: blank(t.ElementType)})
		}
		values["no entries"] = tftypes.NewValue(t, map[string]tftypes.Value{})
		values["null in a map"] = tftypes.NewValue(t,
			map[string]tftypes.Value{"v1": tftypes.NewValue(t.ElementType, nil)})
		values["unknown in a map"] = tftypes.NewValue(t,
			map[string]tftypes.Value{"v1": tftypes.NewValue(t.ElementType, tftypes.UnknownValue)})
		values["keys that differ in case"] = tftypes.NewValue(t,
			map[string]tftypes.Value{"v1": blank(t.ElementType), "V1": blank(t.ElementType)})
		values["many entries"] = tftypes.NewValue(t, keyed(n, blank(t.ElementType)))
		values["many entries of null"] = tftypes.NewValue(t, keyed(n, tftypes.NewValue(t.ElementType, nil)))
	case tftypes.Object:
		values["an empty object"] = blank(t)
	default:
		if t.Is(tftypes.Number) {
			for name, n := range hostileNumbers {
				values[name] = tftypes.NewValue(t, n)
			}
		}
		if t.Is(tftypes.String) {
			for name, text := range hostileTexts {
				values[name] = tftypes.NewValue(t, text)
			}
		}
	}
	return values
}

// blank is the value of a type that says the least without being null.
func blank(t tftypes.Type) tftypes.Value {
	switch t := t.(type) {
	case tftypes.List:
		return tftypes.NewValue(t, []tftypes.Value{})
	case tftypes.Map:
		return tftypes.NewValue(t, map[string]tftypes.Value{})
	case tftypes.Object:
		attributes := map[string]tftypes.Value{}
		for name, inner := range t.AttributeTypes {
			attributes[name] = tftypes.NewValue(inner, nil)
		}
		return tftypes.NewValue(t, attributes)
	}
	switch {
	case t.Is(tftypes.Number):
		return tftypes.NewValue(t, 0)
	case t.Is(tftypes.Bool):
		return tftypes.NewValue(t, false)
	}
	return tftypes.NewValue(t, "")
}

func repeated(n int, v tftypes.Value) []tftypes.Value { return slices.Repeat([]tftypes.Value{v}, n) }

func named(n int, suffix string) []tftypes.Value {
	elements := make([]tftypes.Value, n)
	for i := range elements {
		elements[i] = tftypes.NewValue(tftypes.String, nameOf(i)+suffix)
	}
	return elements
}

func keyed(n int, v tftypes.Value) map[string]tftypes.Value {
	entries := make(map[string]tftypes.Value, n)
	for i := range n {
		entries[nameOf(i)] = v
	}
	return entries
}
