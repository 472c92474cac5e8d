// The same workflow with a fault that fails its tasks rather than itself.
export async function changing(): Promise<string> {
  return Promise.reject(new TypeError('a fault in the code'));
}
