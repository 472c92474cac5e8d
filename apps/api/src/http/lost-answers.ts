import type { Request, Response } from 'express';

/** How long after an answer was sent its connection may still tell that nobody read it. */
const RESET_WITHIN_MS = 5_000;

/**
 * Calls back once when an answer turns out not to have reached the client: its connection was closed before the answer
 * was out, or reset soon after, as the system of a client does that died while the answer was on its way. What a client
 * read before it closed its connection in order is not lost.
 */
export function onLostAnswer({ socket }: Request, response: Response, tell: () => void): void {
  const { bytesRead } = socket;
  let isOver = false;
  const settle = (isLost: boolean): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(late);
    socket.off('error', onError);
    socket.off('close', onClosed);
    if (isLost) tell();
  };
  // A client that has sent something since has read the answer.
  const onError = (): void => settle(socket.bytesRead === bytesRead);
  const onClosed = (): void => settle(!response.writableFinished);
  let late: NodeJS.Timeout | undefined;
  if (response.destroyed || socket.destroyed) {
    settle(true);
    return;
  }
  socket.once('error', onError);
  socket.once('close', onClosed);
  response.once('close', () => {
    if (!response.writableFinished) settle(true);
    else if (!isOver) late = setTimeout(() => settle(false), RESET_WITHIN_MS).unref();
  });
}
