/** The activity of the workflow that scripts/k8s-check runs in a cluster. */
export async function greet(name) {
  return `Hello, ${name}!`;
}
