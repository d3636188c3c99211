import { CustomerErased } from '@fieldguide/contracts/identity';
import type { UnitOfWork } from '@fieldguide/database';
import { consumes, type MessageOf, OnMessage } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { EraseCustomers } from './erase-customers.ts';

export const Erased = consumes(CustomerErased, 'customerId');

@Controller()
export class OnCustomerErased {
  constructor(private readonly customers: EraseCustomers) {}

  @OnMessage(Erased)
  handle({ data: { customerId } }: MessageOf<typeof Erased>, tx: UnitOfWork): Promise<void> {
    return this.customers.erase(customerId, tx);
  }
}
