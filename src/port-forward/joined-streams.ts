import type { Socket } from 'node:net';
import { type Channel, ChannelResetError } from './channel.ts';

/**
 * Passes bytes between a connection here and one in the target. The end of a direction is passed on as an end, and a reset as
 * a reset: who reads a cut stream must not take it for a whole one.
 * @param socket made with `allowHalfOpen`.
 */
export function joinStreams(socket: Socket, channel: Channel): void {
  socket.pipe(channel);
  channel.pipe(socket);
  socket.on('error', () => channel.destroy());
  socket.once('close', () => channel.destroy());
  channel.on('error', (error) => {
    if (error instanceof ChannelResetError) socket.resetAndDestroy();
    else socket.destroy();
  });
}
