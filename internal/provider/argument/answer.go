package argument

import (
	"cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Answer is what becomes of a request.
type Answer struct {
	traffic.Outcome
	// Summary says it in a sentence, and OlderSummary what older proxies do, empty where that is the same.
	Summary, OlderSummary string
}

// Ask says what becomes of a request. The problem is that nothing here decides that.
func (r *Routes) Ask(request traffic.Request) (answer Answer, problem string) {
	table, problem := r.Table()
	if problem != "" {
		return Answer{}, problem
	}
	if cmp.Or(request.Gateway, istio.MeshGateway) == istio.MeshGateway {
		request.Authority = cmp.Or(request.Authority, r.Host)
	}
	return AnswerOf(table, request), ""
}

// AnswerOf says what a table makes of a request.
func AnswerOf(table *traffic.Table, request traffic.Request) Answer {
	answer := Answer{Outcome: table.Evaluate(request)}
	answer.Summary = report.Sentence(table.Explain(answer.Outcome))
	if answer.Older != nil {
		answer.OlderSummary = report.Sentence(table.Explain(*answer.Older))
	}
	return answer
}
