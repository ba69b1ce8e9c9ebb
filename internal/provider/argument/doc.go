// Package argument reads what somebody gives to be asked or drawn: a route or several, and a request. It knows
// resources of this provider, objects with the attributes of one, and objects of Istio's API.
package argument
