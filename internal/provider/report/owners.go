package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Owners says who wrote an object, and which workspace or tool has marked it as its own.
func Owners(o *cluster.Live) string {
	var text strings.Builder
	for i, m := range o.Others {
		text.WriteString(map[bool]string{true: " It was written by", false: ","}[i == 0])
		fmt.Fprintf(&text, " %q (%s, %s)", m.Name, m.Operation, m.Time.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if len(o.Others) > 0 {
		text.WriteString(".")
	}
	if owner := o.Annotations[istio.OwnerAnnotation]; owner != "" {
		fmt.Fprintf(&text, " Its owner is the workspace %q.", owner)
	}
	return text.String() + toolsText(o)
}

// TakeOver says what to do about objects that another workspace has marked as its own.
func TakeOver(owner string) string {
	return "Let one of them go: there with terraform state rm, or with deletion = \"abandon\" and a destroy; here by " +
		"taking the resource out. To take the objects over, let them go there, and set adopt = true and adopt_from = " +
		Printable(strconv.Quote(owner), LongestPath) + " here, with an owner in the provider block."
}

// ToolWarning says that an object belongs to a tool which does not know of Terraform.
func ToolWarning(at path.Path, o *istio.Object, tool istio.Tool) Warning {
	return Warning{
		At: at, Kind: "Object of another tool", ID: DoubtOfTool,
		Of:    fmt.Sprintf("%s, %s %s/%s", tool.Name, o.Kind(), o.Namespace, o.Name),
		Names: []string{o.Namespace, o.Name},
		Text: fmt.Sprintf("%s belongs to %s (%s), which does not know of Terraform: %s.", o, tool.Name, tool.Evidence,
			toolAdvice(tool)),
	}
}

// toolsText names the other tools that own an object, and what to do about them.
func toolsText(o *cluster.Live) string {
	var text strings.Builder
	for _, tool := range o.Tools() {
		fmt.Fprintf(&text, " It belongs to %s (%s): %s.", tool.Name, tool.Evidence, toolAdvice(tool))
	}
	return text.String()
}
