package form

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
)

// acknowledged is the attribute by which a configuration accepts doubts.
func acknowledged() schema.Attribute {
	return schema.ListAttribute{
		ElementType: types.StringType, Optional: true,
		MarkdownDescription: "Doubts that are accepted, and that a plan tells no more of this resource: the ids " +
			"that its " +
			"warnings end with, such as `[\"" + report.DoubtOfSubsets + "\"]`. Each of them is for all doubts of its " +
			"kind, also for new ones; errors, and requests that fail for certain, are told all the same. It changes " +
			"nothing in the cluster. The ids are `" + strings.Join(report.Doubts(), "`, `") + "`.",
	}
}

// checkAcknowledged refuses ids that are none.
func checkAcknowledged(ids []string) []istio.Problem {
	var problems []istio.Problem
	for i, id := range ids {
		if slices.Contains(report.Doubts(), id) {
			continue
		}
		meant := "; the"
		if near := spelling.Nearest(id, report.Doubts()); near != "" {
			meant = fmt.Sprintf("; is %q meant? The", near)
		}
		problems = append(problems, istio.Errorf(istio.Path{"acknowledged", i},
			"%.80q is no doubt that a plan tells%s ids are %s", id, meant, strings.Join(report.Doubts(), ", ")))
	}
	return problems
}
