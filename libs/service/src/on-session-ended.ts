import { RevokedSessions } from '@fieldguide/auth';
import { type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { z } from 'zod';

// The fields that every service reads of identity's event; libs import no contract, so they are declared here.
export const SessionEndedMessage = {
  topic: 'identity.sessions.v1',
  senders: ['identity'],
  type: 'SessionEnded',
  data: z.object({ sid: z.string(), tokensValidUntil: z.iso.datetime() }),
};

/** After a sign-out all instances of all services reject the session's tokens. */
@Controller()
export class OnSessionEnded {
  constructor(private readonly ended: RevokedSessions) {}

  @OnMessage(SessionEndedMessage, 'broadcast')
  handle({ data }: MessageOf<typeof SessionEndedMessage>) {
    this.ended.revoke(data.sid, new Date(data.tokensValidUntil));
  }
}
