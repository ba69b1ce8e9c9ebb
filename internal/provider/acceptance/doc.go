// Package acceptance tests the provider through the server that Terraform talks to: with Terraform and a control
// plane, and, where no cluster is needed, with calls as Terraform makes them.
package acceptance
