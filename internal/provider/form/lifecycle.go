package form

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
	DeletionAbandon = "abandon"
	DeletionRestore = "restore"
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
		"create": "Time for creating both objects, waits included, from `1s` to `1h`. Defaults to `2m` and the " +
			"longest time that its waits may take.",
		"read": "Time in which a plan tries again to read from an API server that does not answer, from `1s` to " +
			"`1h`. By default an API server that has answered before is given 45 seconds, and one that has not is " +
			"reported at once.",
		"update": "Time for an update, waits included, from `1s` to `1h`. Defaults to `2m` and the longest time that " +
			"its waits may take.",
		"delete": "Time for a deletion, waits and finalizers of others included, from `1s` to `1h`. Defaults to `2m` " +
			"and the longest time that its waits may take.",
	}
)

// Lifecycle is what a resource says about its own changes, besides what it routes.
type Lifecycle struct {
	Adopt      bool
	AllowEmpty bool
	// AdoptFrom is the other workspace from which objects may be taken over, empty for none.
	AdoptFrom string
	// ForceConflicts takes fields that other managers own.
	ForceConflicts bool
	Deletion       string
	HandedOver     bool
	// Step is how many percent points a destination may gain at once, 0 for any number.
	Step int64
	// Walk is how shares move, nil for at once.
	Walk        *Walk
	Propagation cluster.Propagation
	// Acknowledged are the ids of the doubts that are accepted.
	Acknowledged []string
	timeouts     map[string]time.Duration
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
			MarkdownDescription: "Name of the workspace in the annotation `" + istio.OwnerAnnotation +
				"` of both objects: the provider's `owner`.",
		},
		"adopt": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Takes objects over that exist already, under the names of this resource, and owns " +
				"them from then on. The plan shows in `adopted` what would change; apply stops if they are not like " +
				"that any more. Defaults to `false`: such objects are an error.",
		},
		"adopt_from": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Owner of the objects to take over, where they carry the mark of another workspace: " +
				"its name, as `adopted` or the error says it. `adopt` alone does not take from another workspace, " +
				"and neither does an import.",
		},
		"adopted": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Objects that this resource took over when it was created: which, who wrote them " +
				"and what was changed.",
		},
		"left_over": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "Objects of earlier changes that could not be removed. The next apply removes them, " +
				"which the plan shows as a change of this list to empty.",
		},
		"allow_empty_subsets": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Lets a plan pass that begins to send requests to a subset in which no pod of the " +
				"cluster is ready and no WorkloadEntry stands, sends it a greater share, or changes its labels: " +
				"where the same apply starts its pods, or they run in another cluster of the mesh. Defaults to " +
				"`false`: such a change is an error, at plan and again when apply comes to the resource. One that " +
				"leaves the subset with as few requests or fewer is a warning.",
		},
		"acknowledged": acknowledged(),
		"force_conflicts": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Takes fields that another manager has changed: the plan names them, and their " +
				"owner, in a warning. By default they are an error at plan. Where it is set in the provider block's " +
				"`field_manager`, it holds for all resources. Defaults to `false`.",
		},
		"deletion": schema.StringAttribute{
			Optional: true, Validators: []validator.String{oneOf{deletionDelete, DeletionAbandon, DeletionRestore}},
			MarkdownDescription: "What becomes of the objects when the resource is destroyed: `delete` removes them, " +
				"`abandon` leaves them as they are, `restore` gives adopted objects the content that they had " +
				"before, and removes the others. Defaults to `delete`.",
		},
		"weights_managed_by": schema.StringAttribute{
			Optional: true, Validators: []validator.String{oneOf{weightsByTerraform, weightsByOther}},
			MarkdownDescription: "Who sets the weights. With `other` they are those of the configuration when the " +
				"rule is created; from then on Argo Rollouts, another controller or a person may change them, and no " +
				"apply sets them back: a destination that is added later gets no requests from an apply, and one " +
				"that is removed leaves its share to the others in proportion. Rules, destinations and subsets that " +
				"they put in are no drift and stay. Everything else is Terraform's. Defaults to `terraform`.",
		},
		"live_weights": schema.MapAttribute{
			ElementType: types.MapType{ElemType: types.NumberType}, Computed: true,
			MarkdownDescription: "With `weights_managed_by = \"other\"`: the weights in the cluster, by rule and " +
				"subset, or host where there is no subset. A rule without a name is called by its place, such as " +
				"`http[0]`. Otherwise `null`.",
		},
		"max_weight_step": schema.NumberAttribute{
			Optional: true,
			MarkdownDescription: "Most percent points of the requests of one rule that a destination may gain in one " +
				"change, `1` to `100`, such as `20`: a plan from `10` to `50` is an error then, and goes in two " +
				"steps or with another `max_weight_step` for the time being. It counts from the shares that are " +
				"live, for every rule that was there before, for requests that fall to another rule, and for a new " +
				"rule that takes all requests. A new rule with conditions names whom it is for, and is free. It " +
				"changes nothing in the cluster.",
		},
		"summary": schema.ListAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "What happens to requests in words: a line for each rule, at most 200, and one for " +
				"the requests that no rule takes. A plan shows which words change. With `weights_managed_by = " +
				"\"other\"` there are no shares in it.",
		},
		"propagation": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "How a change of this resource lets the proxies follow. What is left out comes from " +
				"the provider block.",
			Attributes: map[string]schema.Attribute{
				"mode": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{PropagationMode},
					MarkdownDescription: DescribePropagation["mode"],
				},
				"settle": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: DescribePropagation["settle"],
				},
				"settle_after_failure": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: DescribePropagation["settle_after_failure"],
				},
				"timeout": schema.StringAttribute{Optional: true, MarkdownDescription: DescribePropagation["timeout"]},
				"on_timeout": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{PropagationOnTimeout},
					MarkdownDescription: DescribePropagation["on_timeout"],
				},
			},
		},
		"timeouts": schema.SingleNestedAttribute{
			Optional: true, Attributes: timeouts,
			MarkdownDescription: "How long an operation may take while the API server does not answer, answers that " +
				"it is busy, or an object waits for its finalizers. A write that was begun is finished.",
		},
	}
}

// ReadLifecycle reads how a resource is changed. What is unknown reads as its default.
func ReadLifecycle(r *attr.Reader, s Defaults) (Lifecycle, []istio.Problem) {
	l := Lifecycle{
		Adopt:       r.Bool("adopt"),
		AllowEmpty:  r.Bool("allow_empty_subsets"),
		Deletion:    cmp.Or(r.String("deletion"), deletionDelete),
		HandedOver:  r.String("weights_managed_by") == weightsByOther,
		Propagation: s.Propagation, timeouts: map[string]time.Duration{},
		ForceConflicts: r.Bool("force_conflicts"), AdoptFrom: r.String("adopt_from"),
	}
	step, problems := readStep(r)
	l.Step = step
	walk, wrong := readWalk(r)
	l.Walk = walk
	problems = append(problems, wrong...)
	l.Acknowledged = r.Strings("acknowledged")
	problems = append(problems, checkAcknowledged(l.Acknowledged)...)
	problems = append(problems, ReadPropagation(r, &l.Propagation)...)
	for name := range operations {
		if name != "read" {
			l.timeouts[name] = defaultTimeout + l.Propagation.Longest(mostWaits)
		}
	}
	if timeouts := r.Object("timeouts"); timeouts != nil {
		for _, name := range slices.Sorted(maps.Keys(operations)) {
			if d, problem := readDuration(
				timeouts, istio.Path{"timeouts", name}, time.Second, longestTimeout,
			); problem != nil {
				problems = append(problems, *problem)
			} else if d != nil {
				l.timeouts[name] = *d
			}
		}
	}
	return l, problems
}

// Deadline returns a context that ends when the time for an operation is up. A read without a timeout has none.
func (l Lifecycle) Deadline(ctx context.Context, operation string) (context.Context, context.CancelFunc) {
	limit, ok := l.timeouts[operation]
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("the time for it, %s, is up", limit))
}

// LiveWeights returns the weights of a pair where somebody else sets them, else null.
func LiveWeights(life Lifecycle, pair istio.Objects) attr.Value {
	if !life.HandedOver {
		return attr.Null()
	}
	return Weights(pair.Routing().VirtualServiceSpec())
}

// Weights returns the weights of a VirtualService, by rule and subset.
func Weights(spec *networking.VirtualService) attr.Value {
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

// The bounds of max_weight_step, in percent points.
const (
	leastStep   = 1
	largestStep = 100
)

// readStep reads the largest step that is allowed, 0 for any.
func readStep(r *attr.Reader) (int64, []istio.Problem) {
	step, set := r.Int("max_weight_step")
	if set && (step < leastStep || step > largestStep) {
		return 0, []istio.Problem{istio.Errorf(istio.Path{"max_weight_step"},
			"must be between %d and %d percent points, got %d", leastStep, largestStep, step)}
	}
	return step, nil
}
