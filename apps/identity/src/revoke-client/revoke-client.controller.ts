import { Caller, type CallerClaims, RequireScope } from '@fieldguide/auth';
import { Ids } from '@fieldguide/clock';
import { UnitOfWorkRunner } from '@fieldguide/database';
import { LOG, type Log, securityEvent } from '@fieldguide/telemetry';
import { Controller, HttpCode, Inject, Ip, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { errors } from '../account/account.errors.ts';
import { Client } from '../client/client.entity.ts';
import { IdentityConfig } from '../identity.config.ts';
import { announceEnd } from '../session/announce-end.ts';

const ClientId = z.string().regex(/^[\w-]{1,100}$/);

/** For operators; not in the gateway's route table. */
@RequireScope('operations')
@Controller('clients')
export class RevokeClientController {
  constructor(
    private readonly units: UnitOfWorkRunner,
    private readonly config: IdentityConfig,
    private readonly ids: Ids,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Ends all tokens of a client in every service. Its secret stays valid: it fetches a new token. */
  @Post(':id/revocations')
  @HttpCode(200)
  async revoke(
    @Caller() { id: who }: CallerClaims,
    @Param('id', { schema: ClientId }) clientId: string,
    @Ip() from: string,
  ) {
    await this.units.run(async (uow) => {
      const [client] = await uow.lock(Client, [clientId]);
      if (!client) throw errors.clientNotFound();
      announceEnd(uow, client.sid, this.config);
      client.sid = this.ids.next();
      await uow.save(Client, client);
    });
    const event = { who, what: `client ${clientId}`, from };
    securityEvent(this.log, 'authn_token_revoked', event);
    return { clientId };
  }
}
