/** An activity: code that may do anything, and is tried again when it fails. */
export async function greet(name: string): Promise<string> {
  return Promise.resolve(`Hello, ${name}!`);
}
