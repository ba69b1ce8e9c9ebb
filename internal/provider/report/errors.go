package report

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Origin is what objects follow from.
type Origin interface {
	Render() istio.Objects
	// PathOf returns where in the resource the part is that stands at a path of a rendered object.
	PathOf(o *istio.Object, at istio.Path) istio.Path
}

// Errors adds what went wrong between provider and cluster: what was tried, the cause, and what the user can do. What
// is wrong with the connection is said once, however many objects it kept from being read. A field that the API
// server, admission control or another field manager names is told at the attribute of the route from which it
// follows; a nil route has none.
func Errors(diagnostics *diag.Diagnostics, route Origin, err error) {
	said := map[cluster.Reason]bool{}
	for _, e := range cluster.Each(err) {
		var failure *cluster.Error
		if !errors.As(e, &failure) {
			diagnostics.AddError("Change stopped", Sentence(e.Error())+
				"\n\nRun terraform plan to see what is there now. The next apply goes on from there.")
			continue
		}
		if said[failure.Reason] && failure.Reason.OfConnection() {
			continue
		}
		said[failure.Reason] = true
		summary, remedy := advice(failure)
		if at, ok := placeOf(route, failure); ok {
			diagnostics.AddAttributeError(at, summary, Located(at, e.Error())+"\n\n"+printable(remedy))
		} else {
			diagnostics.AddError(summary, Sentence(e.Error())+"\n\n"+printable(remedy))
		}
	}
}

// WarnOfTaken tells of fields that a change takes from another manager, as the user said.
func WarnOfTaken(diagnostics *diag.Diagnostics, route Origin, taken *cluster.Error) {
	summary := "Fields taken from another manager (" + Printable(taken.Object, LongestPath) + ")"
	text := conflictText(taken.Conflicts) + conflictTools(taken.Existing) + "\nApply takes them, and writes what the " +
		"configuration says."
	if at, ok := placeOf(route, taken); ok {
		diagnostics.AddAttributeWarning(at, summary, text)
		return
	}
	diagnostics.AddWarning(summary, text)
}

// placeOf returns the attribute that a failure is about: the first of the fields that it names.
func placeOf(route Origin, failure *cluster.Error) (path.Path, bool) {
	if route == nil {
		return path.Empty(), false
	}
	for _, o := range route.Render().All() {
		if o.String() != failure.Object {
			continue
		}
		var places []istio.Path
		for _, conflict := range failure.Conflicts {
			places = append(places, istio.FieldPath(conflict.Field, o))
		}
		for _, field := range failure.Fields {
			places = append(places, istio.FieldPath(field, o))
		}
		if failure.Reason == cluster.Denied || failure.Reason == cluster.Invalid {
			places = append(places, istio.FieldsIn(failure.Err.Error(), o)...)
		}
		for _, at := range places {
			if len(at) > 0 {
				return Path(route.PathOf(o, at)), true
			}
		}
	}
	return path.Empty(), false
}

// advice returns the summary of a failure, and what to do about it.
func advice(e *cluster.Error) (summary, remedy string) {
	switch e.Reason {
	case cluster.AlreadyExists:
		return "Object exists already", existsText(e.Existing)
	case cluster.FieldConflict:
		return "Fields owned by another manager", conflictText(e.Conflicts) + conflictTools(e.Existing) +
			"\nThe object was left as it is. Either let the other manager go on and take the change into your " +
			"configuration, or give the fields to Terraform once with force_conflicts = true in this resource (or in " +
			"field_manager of the provider block), or, where the other manager sets nothing but weights, leave them " +
			"to it with weights_managed_by = \"other\". To destroy the object as it is: terraform destroy " +
			"-refresh=false."
	case cluster.Stale:
		return "Object changed since the plan", changedText(e.Existing) +
			"Nothing was overwritten. Run terraform plan again to see what is there now."
	case cluster.Forbidden:
		if strings.Contains(e.Err.Error(), `"system:anonymous"`) {
			return "No credentials", "The request arrived at " + e.Host + " without credentials that the API server " +
				"knows. Set token, client_certificate with client_key, or exec in the provider block, or config_path " +
				"to a kubeconfig whose user has some; Kubernetes accepts no username and password." + leftOutText(e)
		}
		if e.Everywhere {
			return "Permission missing", "To list objects in all namespaces the user needs a ClusterRole with the " +
				"verb list on virtualservices and destinationrules of the API group networking.istio.io. To look in " +
				"one that the user may list, set namespace in the list block."
		}
		return "Permission missing", "The user needs a Role in that namespace with the verbs get, list, create, " +
			"patch and delete on virtualservices and destinationrules of the API group networking.istio.io. The " +
			"cause above names the verb that is missing."
	case cluster.Unauthorized:
		return "Credentials not accepted", "The API server at " + e.Host + " does not accept the credentials: a " +
			"token may have expired. Renew it, or use exec in the provider block, which renews it by itself." +
			leftOutText(e)
	case cluster.CRDMissing:
		return "Istio API not served", "The API server does not know " + istio.APIVersion + ". Install Istio 1.22 or " +
			"later (its CRDs at the least) in the cluster at " + e.Host + ", or check that this is the right " +
			"cluster."
	case cluster.CRDTerminating:
		return "Istio API is being removed", "The CRD of this kind is being deleted in the cluster at " + e.Host +
			", and with it every object of this kind. Nothing can be created until it is gone and Istio's CRDs are " +
			"installed again. If nobody meant to remove it, find out which finalizers or objects keep it: kubectl " +
			"describe crd."
	case cluster.NamespaceMissing:
		return "Namespace does not exist",
			"Create the namespace first, or check the namespace attribute and the provider's default_namespace."
	case cluster.NamespaceTerminating:
		return "Namespace is being deleted",
			"Nothing can be created in a namespace that is being deleted. Wait until it is gone, and create it again."
	case cluster.Denied:
		return "Refused by admission control",
			"The cluster's admission control refused the object. Change what the message is about."
	case cluster.Invalid:
		return "Refused by API server", "The object does not fit the API that is installed in the cluster, which may " +
			"be older than the fields that are used here, or etcd takes no object of that size, annotations of " +
			"others included. Change what the message is about."
	case cluster.ServerFailed:
		return "API server failed", "If the message names a webhook, the service behind it does not answer: check " +
			"that istiod runs. Traffic is not affected. Then apply again."
	case cluster.Unreachable:
		return "Cluster not reachable", "No connection to " + e.Host +
			" came about. Check host or the kubeconfig's server, proxy_url, and that the API server runs."
	case cluster.Untrusted:
		return "Certificate not trusted", untrustedText(e) + leftOutText(e)
	case cluster.TimedOut:
		remedy = "The API server at " + e.Host + " did not answer in time."
		if !e.Reads() {
			remedy += " Whether the change was made is shown by the next plan."
		}
		return "No answer in time", remedy
	case cluster.Interrupted:
		return "Interrupted", "Nothing was changed by this request. Run terraform plan to see what is there now."
	case cluster.NoCredentials:
		return "No credentials from exec", "The command in the provider's exec block, or in that of the kubeconfig's " +
			"user, printed no credentials, and nothing was sent. Run it by hand with the same arguments and " +
			"environment to see why; it must print an ExecCredential of the api_version that is set."
	case cluster.Finalizing:
		return "Object waits for finalizers", "The object routes on until they are done. Find out which controller " +
			"owns them and why it does not finish; the next apply goes on from here. timeouts.delete sets how long " +
			"to wait."
	case cluster.Unconfirmed:
		return "Proxies did not follow", "Before the rules have changed nothing is different for requests, and what " +
			"this change created is removed again. After that the new rules route already, and what they do not need " +
			"any more is left for the next apply.\n\nFind out why: look at istiod's log, and with istioctl " +
			"proxy-status at the proxies. Then apply again, which waits for the same again. propagation.timeout sets " +
			"how long, and propagation.on_timeout = \"continue\" goes on with a warning."
	case cluster.NotAPIServer:
		return "Not a Kubernetes API server", "What answers at " + e.Host + " is not a Kubernetes API server, or a " +
			"proxy on the way refuses, or does not know the cluster. Check host or the kubeconfig's server, that it " +
			"begins with https where the server speaks TLS, and proxy_url."
	case cluster.NotFound:
		return "Object does not exist", "Somebody deleted it. Run terraform plan again to see what is there now."
	case cluster.Unknown:
	}
	return "Request failed", "Check that " + e.Host +
		" is the cluster's API server, and the connection attributes of the provider block."
}

// untrustedText says what to do about a certificate, which depends on what is wrong with it.
func untrustedText(e *cluster.Error) string {
	var (
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(e, &name):
		return "The certificate of " + e.Host +
			" is for another name. Set tls_server_name to the name that it is for, or correct host."
	case errors.As(e, &invalid) && invalid.Reason == x509.Expired:
		return "The certificate of " + e.Host + " is not valid at this time. Renew it, or correct this machine's clock."
	}
	return "The certificate of " + e.Host +
		" could not be verified. Set cluster_ca_certificate to the authority that signed it."
}

// leftOutText says why a kubeconfig that the environment names does not count.
func leftOutText(e *cluster.Error) string {
	if e.LeftOut == "" {
		return ""
	}
	return "\n\nThe environment names " + e.LeftOut + ", and the provider block another host, so that nothing of it " +
		"is used. If it is meant for this host too, name it in config_path."
}

// existsText says who owns an object that is in the way, and what to do about it.
func existsText(existing *cluster.Live) string {
	text := "It was not made by this resource, and was left as it is."
	if existing != nil {
		text += Printable(Owners(existing), LongestPath)
	}
	switch {
	case existing != nil && existing.Applied:
		text += " The field manager of this provider block applied it: it belongs to another resource or workspace, " +
			"or it is left over from an apply that was killed, with other content than is configured now. (With an " +
			"owner in the provider block an apply recognises what a killed one left, and goes on.) With " +
			"create_before_destroy it is what this resource replaces: both have one name, and one cannot be made " +
			"before the other is gone. Take create_before_destroy out, or give the new one another name. Where " +
			"another resource of this apply deletes it, or gets another name, apply again; of two that exchange " +
			"their names one needs a third name first, in an apply of its own, or an owner in the provider block." +
			"\n\nIf it is left over, delete it, set adopt = true, or import it"
	default:
		text += "\n\nTo bring it under Terraform, set adopt = true, or import it"
	}
	return text + ": terraform import ADDRESS NAMESPACE/VIRTUAL_SERVICE/DESTINATION_RULE, or an import block. To " +
		"leave it alone, choose another name."
}

// changedText says who owns an object that was changed.
func changedText(existing *cluster.Live) string {
	if existing == nil {
		return ""
	}
	return Printable(strings.TrimSpace(Owners(existing)), LongestPath) + "\n\n"
}

// conflictTools names the tools that own an object in conflict.
func conflictTools(existing *cluster.Live) string {
	if existing == nil {
		return ""
	}
	if text := strings.TrimSpace(toolsText(existing)); text != "" {
		return Printable(text, LongestPath) + "\n"
	}
	return ""
}

func conflictText(conflicts []cluster.Conflict) string {
	var b strings.Builder
	for _, c := range conflicts {
		fmt.Fprintf(&b, "  - %s: %s", c.Field, c.Owner)
		if c.Now != "" {
			fmt.Fprintf(&b, "; it is %s now", c.Now)
		}
		b.WriteByte('\n')
	}
	return printable(b.String())
}
