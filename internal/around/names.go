package around

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Unentered reports whether it is certain that no ServiceEntry has a host. Istio looks names up as they are written.
func (f *Facts) Unentered(host string) bool {
	return f.Entries != nil && !f.Narrow[ServiceEntries] && !f.entered(host)
}

// entered reports whether a ServiceEntry that was listed has a host.
func (f *Facts) entered(host string) bool {
	if f.Entries == nil {
		return false
	}
	return slices.ContainsFunc(f.Entries.Covering(host), func(entry string) bool { return istio.Fits(entry, host) })
}

// unentered is [Facts.Unentered], and asks for the ServiceEntries.
func (l *inspection) unentered(host string) bool {
	if l.Entries == nil {
		l.want(ServiceEntries, "")
	}
	return l.Unentered(host)
}

// unlisted reports whether the ServiceEntries that may have a host cannot be listed.
func (l *inspection) unlisted(host string) bool {
	return (l.Closed[Query{Resource: ServiceEntries}] || l.Narrow[ServiceEntries]) && !l.entered(host)
}

// nowhere says that nothing has the name that a destination sends to, empty where that is not so, or not known. A
// name that is no full one of a Service is that of a ServiceEntry, or of nothing. Certain says that nothing else can
// have it.
func (l *inspection) nowhere(t target, host string) (words string, remedy istio.Remedy, certain bool) {
	if _, err := netip.ParseAddr(host); err == nil || strings.HasPrefix(host, "*") && t.at == nil {
		return "", istio.NoRemedy, false
	}
	if _, _, inside := l.InCluster(host); inside {
		if !l.absent(host) {
			return "", istio.NoRemedy, false
		}
		return fmt.Sprintf("there is no Service, and no ServiceEntry, for %s, so that requests fail with 503", host),
			istio.CreateAlong, true
	}
	why, instead, hardly := l.misnamed(host, t.of.Namespace)
	switch {
	case l.unentered(host) && why != "" && (t.at != nil || hardly || strings.HasPrefix(instead, write)):
		return why + ", and no ServiceEntry has that name, so that requests fail with 503" + instead,
			istio.NoRemedy, true
	case l.Unentered(host) && t.at != nil:
		return fmt.Sprintf("there is no ServiceEntry for %s, so that requests fail with 503", host),
			istio.CreateAlong, true
	case hardly && l.unlisted(host):
		return why + ", so that requests fail with 503 unless a ServiceEntry that cannot be listed has that " +
				"name" + instead,
			istio.NoRemedy, false
	}
	return "", istio.NoRemedy, false
}

// write begins what to write in the place of a name.
const write = "; write "

// misnamed says why a host is no full name of a Service, and what to write instead; empty where it looks like none.
// Certain says that it can hardly be meant as anything else.
func (l *inspection) misnamed(host, own string) (why, instead string, certain bool) {
	full := meant(host, own, l.Domain())
	switch {
	case host != strings.ToLower(host):
		if full != "" {
			instead = write + full
		}
		return host + " is no name of a Service, which are in lower case", instead, true
	case full == "":
		return "", "", false
	case strings.Count(host, ".") > 1 || strings.HasSuffix(host, ".svc"):
		return fmt.Sprintf("%s does not end with a namespace and svc.%s, as the full name of a Service does", host,
			l.Domain()), write + full, true
	}
	// Of two labels the second is mostly a namespace, and at times the domain of something outside.
	why = host + " is not completed by Istio, which completes names without a dot only"
	_, namespace, _ := strings.Cut(host, ".")
	_, there := l.service(full)
	switch services, known := l.Services[namespace]; {
	case there:
		instead = write + full
	case known && len(services) == 0:
		instead = fmt.Sprintf("; there is no Service in a namespace %s either", namespace)
	case known:
		instead = fmt.Sprintf("; there is no Service %s in namespace %s either", istio.ServiceName(host), namespace)
	}
	return why, instead, namespace == own
}

// meant returns the full name of a Service that a host in an object of a namespace looks as if it stood for, empty
// where it looks like none: name.namespace, or one of which a part of the end is missing or misspelt.
func meant(host, own, clusterDomain string) string {
	parts := strings.Split(strings.ToLower(host), ".")
	if len(parts) < 2 || strings.HasPrefix(host, "*") || !istio.IsNamespaceName(parts[0]) {
		return ""
	}
	namespace, rest := parts[1], strings.Join(parts[min(len(parts), 3):], ".")
	inDomain := strings.HasSuffix(strings.ToLower(host), "."+clusterDomain)
	switch {
	case namespace == "svc" && (len(parts) == 2 || inDomain):
		namespace = own
	case len(parts) == 2, inDomain:
	case parts[2] == "svc" && strings.HasPrefix(rest, clusterDomain[:min(len(rest), 3)]):
	default:
		return ""
	}
	if !istio.IsNamespaceName(namespace) {
		return ""
	}
	return istio.FullHost(parts[0], namespace, clusterDomain)
}

// claimedNames tells of hosts of the route that look like names of Services and are those of nobody.
func (l *inspection) claimedNames() {
	o := l.pair.Routing()
	if !istio.InMesh(o.VirtualServiceSpec()) {
		return
	}
	for i, host := range o.VirtualServiceSpec().GetHosts() {
		host = istio.FullHost(host, o.Namespace, l.Domain())
		if _, _, inside := l.InCluster(host); inside || strings.HasPrefix(host, "*") || strings.Count(host, ".") < 2 &&
			host == strings.ToLower(host) {
			continue
		}
		why, instead, _ := l.misnamed(host, o.Namespace)
		if why != "" && l.unentered(host) {
			l.missing(istio.NoRemedy, o, istio.Path{"hosts", i},
				"%s, and no ServiceEntry has that name, so that no request of the mesh follows these "+
					"rules%s", why, instead)
		}
	}
}
