// Package function has the provider's functions. They read a route as a plan does, and ask nobody.
package function

import "github.com/hashicorp/terraform-plugin-framework/function"

// All returns the functions of the provider.
func All() []func() function.Function {
	return []func() function.Function{
		func() function.Function { return fqdnFunction{} },
		func() function.Function { return manifestFunction{} },
		func() function.Function { return evaluateFunction{} },
		func() function.Function { return diagramFunction },
		func() function.Function { return pictureFunction },
		func() function.Function { return pictureMarkdownFunction },
		func() function.Function { return picturePageFunction },
	}
}
