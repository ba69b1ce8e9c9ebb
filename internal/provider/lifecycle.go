package provider

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// What deletion may say: what becomes of the objects when the resource is destroyed.
const (
	deletionDelete  = "delete"
	deletionAbandon = "abandon"
	deletionRestore = "restore"
)

// Who sets the weights.
const (
	weightsByTerraform = "terraform"
	weightsByOther     = "other"
)

// The bounds of what a change may take.
const (
	defaultTimeout = 2 * time.Minute
	longestTimeout = time.Hour
	// mostWaits is how often one change waits for the proxies at most.
	mostWaits = 4
)

var (
	// operations are what timeouts may bound.
	operations = map[string]string{
		"create": "Time for creating both objects, waits included, from `1s` to `1h`. Defaults to `2m` and the longest time that its waits may take.",
		"read": "Time in which a plan tries again to read from an API server that does not answer, from `1s` to `1h`. By default an API " +
			"server that has answered before is given 45 seconds, and one that has not is reported at once.",
		"update": "Time for an update, waits included, from `1s` to `1h`. Defaults to `2m` and the longest time that its waits may take.",
		"delete": "Time for a deletion, waits and finalizers of others included, from `1s` to `1h`. Defaults to `2m` and the longest time that its waits may take.",
	}
)

// lifecycle is what a resource says about its own changes, besides what it routes.
type lifecycle struct {
	adopt      bool
	allowEmpty bool
	deletion   string
	handedOver bool
	// step is how many percent points a destination may gain at once, 0 for any number.
	step        int64
	propagation cluster.Propagation
	timeouts    map[string]time.Duration
}

// lifecycleAttributes are those that say how a resource is changed.
func lifecycleAttributes() map[string]schema.Attribute {
	timeouts := map[string]schema.Attribute{}
	for name, description := range operations {
		timeouts[name] = schema.StringAttribute{Optional: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"owner": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Name of the workspace in the annotation `" + istio.OwnerAnnotation + "` of both objects: the provider's " +
				"`owner`.",
		},
		"adopt": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Takes objects over that exist already, under the names of this resource, and owns them from then on. The plan " +
				"shows in `adopted` what would change; apply stops if they are not like that any more. Defaults to `false`: such objects are an error.",
		},
		"adopted": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Objects that this resource took over when it was created: which, who wrote them and what was changed.",
		},
		"left_over": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Objects of earlier changes that could not be removed. The next apply removes them, which the plan shows as a change " +
				"of this list to empty.",
		},
		"allow_empty_subsets": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Lets a plan pass that begins to send requests to a subset in which no pod of the cluster is ready and no WorkloadEntry stands, sends " +
				"it a greater share, or changes its labels: where the same apply starts its pods, or they run in another cluster of the mesh. Defaults to " +
				"`false`: such a change is an error, at plan and again when apply comes to the resource. One that leaves the subset with as few requests or fewer is a warning.",
		},
		"deletion": schema.StringAttribute{
			Optional: true, Validators: []validator.String{oneOf{deletionDelete, deletionAbandon, deletionRestore}},
			MarkdownDescription: "What becomes of the objects when the resource is destroyed: `delete` removes them, `abandon` leaves them as they " +
				"are, `restore` gives adopted objects the content that they had before, and removes the others. Defaults to `delete`.",
		},
		"weights_managed_by": schema.StringAttribute{
			Optional: true, Validators: []validator.String{oneOf{weightsByTerraform, weightsByOther}},
			MarkdownDescription: "Who sets the weights. With `other` they are those of the configuration when the rule is created; from then on " +
				"Argo Rollouts, another controller or a person may change them, and no apply sets them back: a destination that is added later gets no " +
				"requests from an apply, and one that is removed leaves its share to the others in proportion. Rules, destinations and subsets that they put in " +
				"are no drift and stay. Everything else is Terraform's. Defaults to `terraform`.",
		},
		"live_weights": schema.MapAttribute{
			ElementType: types.MapType{ElemType: types.NumberType}, Computed: true,
			MarkdownDescription: "With `weights_managed_by = \"other\"`: the weights in the cluster, by rule and subset, or host where there is no subset. A rule without a name " +
				"is called by its place, such as `http[0]`. Otherwise `null`.",
		},
		"max_weight_step": schema.NumberAttribute{
			Optional: true,
			MarkdownDescription: "Most percent points of the requests of one rule that a destination may gain in one change, `1` to `100`, such as `20`: a plan from " +
				"`10` to `50` is an error then, and goes in two steps or with another `max_weight_step` for the time being. It counts from the shares that are " +
				"live, for every rule that was there before, for requests that fall to another rule, and for a new rule that takes all requests. A new rule with " +
				"conditions names whom it is for, and is free. It changes nothing in the cluster.",
		},
		"summary": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "What happens to requests in words: a line for each rule, at most 200, and one for the requests that no rule takes. A plan shows " +
				"which words change. With `weights_managed_by = \"other\"` there are no shares in it.",
		},
		"propagation": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "How a change of this resource lets the proxies follow. What is left out comes from the provider block.",
			Attributes: map[string]schema.Attribute{
				"mode": schema.StringAttribute{
					Optional: true, Validators: []validator.String{propagationMode}, MarkdownDescription: describePropagation["mode"],
				},
				"settle":               schema.StringAttribute{Optional: true, MarkdownDescription: describePropagation["settle"]},
				"settle_after_failure": schema.StringAttribute{Optional: true, MarkdownDescription: describePropagation["settle_after_failure"]},
				"timeout":              schema.StringAttribute{Optional: true, MarkdownDescription: describePropagation["timeout"]},
				"on_timeout": schema.StringAttribute{
					Optional: true, Validators: []validator.String{propagationOnTimeout}, MarkdownDescription: describePropagation["on_timeout"],
				},
			},
		},
		"timeouts": schema.SingleNestedAttribute{
			Optional: true, Attributes: timeouts,
			MarkdownDescription: "How long an operation may take while the API server does not answer, answers that it is busy, or an object waits " +
				"for its finalizers. A write that was begun is finished.",
		},
	}
}

// What propagation takes for its texts.
var (
	propagationMode      = oneOf{string(cluster.Auto), string(cluster.Settle), string(cluster.Ack), string(cluster.None)}
	propagationOnTimeout = oneOf{string(cluster.Continue), string(cluster.Stop)}
)

// describePropagation describes the attributes that the provider block and the resources share.
var describePropagation = map[string]string{
	"mode": "How the provider knows that the proxies have a change: `ack` asks every istiod until it holds what was written and the proxies have " +
		"acknowledged what it sent then, which needs the right to forward a port to istiod's pods; `settle` waits for a fixed time; `auto` is `ack` where " +
		"istiod can be asked and `settle` where it cannot, which one warning says; `none` does not wait, and leaves gaps of some milliseconds. Defaults " +
		"to `auto`.",
	"settle": "Time that `settle` gives the proxies between declaring a subset and routing to it, and between routing away from it and removing it, from " +
		"`0s` to `60s`. In mode `ack` it is how long istiod is given to begin to send. With `0s` the modes `auto` and `settle` wait for nothing. A change of " +
		"weights, headers or matches never waits. Defaults to `2s`.",
	"settle_after_failure": "Time in which istiod comes back to an API server that failed requests of the same apply and answers again, from `0s` to `5m`. Until then " +
		"a wait for the fixed time of `settle` does not end, with a warning that says why. Defaults to `60s`, the longest pause that istiod makes between two tries; where " +
		"several API servers stand behind one address, `0s` is enough.",
	"timeout": "Longest time to wait for istiod and for acknowledgements in the modes `auto` and `ack`, from `1s` to `10m`. In it the provider connects anew where its " +
		"connection to istiod breaks. Defaults to `2m`.",
	"on_timeout": "What happens where istiod or a proxy does not follow within `timeout`: `continue` goes on with a warning that names what is missing; `stop` ends the change with an " +
		"error. Before the rules have changed it goes back then, and after that it leaves what is to be removed for the next apply, which waits for the same again. Defaults to `continue`.",
}

// readLifecycle reads how a resource is changed. What is unknown reads as its default.
func readLifecycle(r *attr.Reader, s defaults) (lifecycle, []istio.Problem) {
	l := lifecycle{
		adopt: r.Bool("adopt"), allowEmpty: r.Bool("allow_empty_subsets"), deletion: cmp.Or(r.String("deletion"), deletionDelete), handedOver: r.String("weights_managed_by") == weightsByOther,
		propagation: s.propagation, timeouts: map[string]time.Duration{},
	}
	step, problems := readStep(r)
	l.step = step
	problems = append(problems, readPropagation(r, &l.propagation)...)
	for name := range operations {
		if name != "read" {
			l.timeouts[name] = defaultTimeout + l.propagation.Longest(mostWaits)
		}
	}
	if timeouts := r.Object("timeouts"); timeouts != nil {
		for _, name := range slices.Sorted(maps.Keys(operations)) {
			if d, problem := readDuration(timeouts, istio.Path{"timeouts", name}, time.Second, longestTimeout); problem != nil {
				problems = append(problems, *problem)
			} else if d != nil {
				l.timeouts[name] = *d
			}
		}
	}
	return l, problems
}

// readPropagation reads the attribute propagation of a provider block or a resource into p.
func readPropagation(r *attr.Reader, p *cluster.Propagation) []istio.Problem {
	propagation := r.Object("propagation")
	if propagation == nil {
		return nil
	}
	var problems []istio.Problem
	if mode := propagation.String("mode"); mode != "" {
		p.Mode = cluster.Mode(mode)
	}
	if what := propagation.String("on_timeout"); what != "" {
		p.OnTimeout = cluster.OnTimeout(what)
	}
	for _, d := range []struct {
		name           string
		into           *time.Duration
		least, longest time.Duration
	}{{"settle", &p.Settle, 0, longestSettle}, {"settle_after_failure", &p.SettleAfterFailure, 0, longestBackoff}, {"timeout", &p.Timeout, time.Second, longestAck}} {
		value, problem := readDuration(propagation, istio.Path{"propagation", d.name}, d.least, d.longest)
		if problem != nil {
			problems = append(problems, *problem)
		} else if value != nil {
			*d.into = *value
		}
	}
	if name := "istiod_namespace"; propagation.Known(name) {
		if p.IstiodNamespace = propagation.String(name); !istio.IsNamespaceName(p.IstiodNamespace) {
			problems = append(problems, istio.Errorf(istio.Path{"propagation", name}, "must be the name of a namespace; it is %.80q", p.IstiodNamespace))
		}
	}
	addresses, undecided := propagation.Strings("istiod_addresses"), pathsOf(r.Unknown())
	for i, address := range addresses {
		place := istio.Path{"propagation", "istiod_addresses", i}
		at, err := url.Parse(address)
		if (err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https") && !undecided.touch(attributePath(place)) {
			// What it is may hold a password.
			problems = append(problems, istio.Errorf(place, "must be a URL such as \"http://127.0.0.1:15014\""))
		}
		p.IstiodAddresses = append(p.IstiodAddresses, address)
	}
	return problems
}

// readDuration reads the duration at the end of a path, nil where there is none.
func readDuration(r *attr.Reader, at istio.Path, least, longest time.Duration) (*time.Duration, *istio.Problem) {
	name := at[len(at)-1].(string)
	text := r.String(name)
	if !r.Known(name) {
		return nil, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > longest {
		problem := istio.Errorf(at, "must be a duration from %s to %s, such as \"2s\"; it is %.40q", spell(least), spell(longest), text)
		return nil, &problem
	}
	return &d, nil
}

// spell writes a duration of whole seconds as people do: 60s, 10m, 1h.
func spell(d time.Duration) string {
	switch {
	case d <= time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	}
	return fmt.Sprintf("%.0fh", d.Hours())
}

// deadline returns a context that ends when the time for an operation is up. A read without a timeout has none.
func (l lifecycle) deadline(ctx context.Context, operation string) (context.Context, context.CancelFunc) {
	limit, ok := l.timeouts[operation]
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("the time for it, %s, is up", limit))
}

// lifecycleOf reads the lifecycle of a plan or a state, which was found to be in order before.
func (p *pairResource) lifecycleOf(object attr.Value) lifecycle {
	l, _ := readLifecycle(attr.Read(object), p.settings.defaults)
	return l
}

// encodeLiveWeights returns the weights of a pair where somebody else sets them, else null.
func encodeLiveWeights(life lifecycle, pair istio.Objects) attr.Value {
	if !life.handedOver {
		return attr.Null()
	}
	return encodeWeights(pair.Routing().VirtualServiceSpec())
}

// encodeWeights returns the weights of a VirtualService, by rule and subset.
func encodeWeights(spec *networking.VirtualService) attr.Value {
	rules := map[string]attr.Value{}
	for name, weights := range istio.Weights(spec) {
		values := map[string]attr.Value{}
		for subset, weight := range weights {
			values[subset] = attr.Int(weight)
		}
		rules[name] = attr.Map(values)
	}
	return attr.Map(rules)
}
