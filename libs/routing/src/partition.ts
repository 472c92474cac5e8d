const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The partition that an execution lives in: FNV-1a over the namespace and workflow id, modulo the number of partitions.
 * It decides where data is stored, so it never changes for a deployment.
 *
 * @param partitions number of partitions of the deployment, at least 1
 */
export function partitionOf(namespace: string, workflowId: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = FNV_OFFSET;
  const text = `${namespace}\n${workflowId}`;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), FNV_PRIME);
    hash = Math.imul(hash ^ (unit >>> 8), FNV_PRIME);
  }
  return (hash >>> 0) % partitions;
}
