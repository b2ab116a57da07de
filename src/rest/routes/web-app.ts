import { Type } from '@sinclair/typebox';
import { Role } from '../../entities/access.js';
import { restRoute } from '../route.js';
import {
  AuthMetaReply,
  BootReply,
  bootReply,
  RESOURCE_META,
  ResourceMetaReply,
  UserReply,
  userReply,
  ViewReply,
  viewReply,
} from '../web-app-reply.js';
import { NOTES } from './credit-notes.js';

/** What the legacy web app reads before it shows a screen. Without these it waits forever, or shows no button to refund. */
export const WEB_APP_ROUTES = [
  restRoute({
    method: 'GET',
    path: '/auth/account',
    operationId: 'AuthedController_getAuthedAcccount',
    tag: 'Web App',
    role: Role.VIEWER,
    summary: 'Retrieve the caller.',
    like: 'me',
    status: 200,
    reply: UserReply,
    errors: [],
    async handle({ context }) {
      return userReply(context.actor);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/auth/meta',
    operationId: 'AuthController_meta',
    tag: 'Web App',
    role: Role.VIEWER,
    summary: 'Retrieve whether people can sign up: they cannot.',
    like: 'me',
    status: 200,
    reply: AuthMetaReply,
    errors: [],
    async handle() {
      return { signup_disabled: true as const };
    },
  }),
  restRoute({
    method: 'GET',
    path: '/dashboard/boot',
    operationId: 'DashboardController_getBootMeta',
    tag: 'Web App',
    role: Role.VIEWER,
    summary: 'Retrieve what the caller may do, and the features of the gateway.',
    like: 'me.role',
    status: 200,
    reply: BootReply,
    errors: [],
    async handle({ context }) {
      return bootReply(context.actor);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/views/resource/credit_notes',
    operationId: 'ViewsController_getResourceViews',
    tag: 'Web App',
    role: Role.VIEWER,
    summary: 'Retrieve the views of the list of credit notes.',
    like: 'creditNotes',
    status: 200,
    reply: Type.Array(ViewReply),
    errors: [],
    async handle() {
      return Object.keys(NOTES.views).map(viewReply);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/resources/credit_notes/meta',
    operationId: 'ResourceController_getResourceMeta',
    tag: 'Web App',
    role: Role.VIEWER,
    summary: 'Retrieve what the list of credit notes can be filtered by: nothing.',
    like: 'creditNotes',
    status: 200,
    reply: ResourceMetaReply,
    errors: [],
    async handle() {
      return RESOURCE_META;
    },
  }),
];
