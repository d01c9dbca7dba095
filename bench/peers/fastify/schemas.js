// What bodies must be, and what answers are made of: Fastify writes JSON by these.
export const str = { type: 'string' }, int = { type: 'integer' };
const bool = { type: 'boolean' }, date = { type: 'string', format: 'date-time' };
const object = (properties, required) => ({ type: 'object', properties, required });

export const task = object({
  _id: str, task_title: str, task_detail: str, required_workers: int, payable_amount: int, completion_date: date,
  submission_info: str, task_image_url: str, category: str, buyer_name: str, buyer_id: str, status: str,
  createdAt: date, updatedAt: date,
});
export const user = object({
  _id: str, name: str, email: str, photoURL: str, role: str, coins: int, pending_coins: int, googleId: str,
  authProvider: str, lastLogin: date, createdAt: date,
});
const notification = object({
  _id: str, toEmail: str, message: str, actionRoute: str, type: str, isRead: bool, createdAt: date, updatedAt: date,
});
export const submission = object({
  _id: str, task_id: str, task_title: str, payable_amount: int, worker_id: str, worker_email: str, worker_name: str,
  submission_details: str, buyer_id: str, buyer_email: str, buyer_name: str, status: str, submitted_date: date,
  reviewed_date: date, createdAt: date, updatedAt: date,
});

const page = object({ page: { type: 'integer', minimum: 1, default: 1 }, limit: { type: 'integer', minimum: 1, default: 10 } });
const list = (name, item) => object({ [name]: { type: 'array', items: item }, total: int, pages: int, currentPage: int });
const answers = (answer, status = 200) => ({ response: { [status]: answer, '4xx': object({ error: str, code: str }) } });
const whole = { type: 'integer', minimum: 1, maximum: 1000000 };
const words = (maxLength) => ({ type: 'string', minLength: 1, maxLength });

export const routes = {
  health: answers(object({ status: str, message: str })),
  login: { body: object({ email: str, password: str }, ['email', 'password']), ...answers(object({ token: str, user })) },
  me: answers(user),
  tasks: { querystring: page, ...answers(list('tasks', task)) },
  task: answers(task),
  notifications: { querystring: page, ...answers({ type: 'array', items: notification }) },
  unread: answers(object({ unreadCount: int })),
  mine: { querystring: page, ...answers(list('submissions', submission)) },
  createTask: {
    body: object({ task_title: words(200), task_detail: words(5000), submission_info: words(2000), required_workers: whole,
      payable_amount: whole, completion_date: date },
    ['task_title', 'task_detail', 'submission_info', 'required_workers', 'payable_amount', 'completion_date']),
    ...answers(object({ success: bool, message: str, task, newBalance: int }), 201),
  },
  submit: {
    body: object({ task_id: str, submission_details: words(5000) }, ['task_id', 'submission_details']),
    ...answers(object({ success: bool, message: str, submission }), 201),
  },
  approve: answers(object({ success: bool, message: str, submission, coinsAdded: int, workerNewBalance: int })),
};
