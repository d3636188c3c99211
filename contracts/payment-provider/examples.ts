import { example } from '../example.ts';
import { noon, paymentId, total } from '../example-data.ts';
import { Operation, OperationRequest } from './index.ts';

const authorise = {
  key: `${paymentId}:authorise`,
  kind: 'authorise' as const,
  paymentId,
  amount: total,
};
export const operate = example(OperationRequest, { ...authorise, token: 'tok_ok' });
export const operation = example(Operation, { ...authorise, outcome: 'approved', at: noon });
