// Every text of the page, English and Chinese side by side, and the functions that say them.
// Placeholders are named: {name}. What is not here comes from the server, already in the reader's language.

const TEXTS = {
  title: ["Folkmoot", "Folkmoot 议事群"],
  tagline: ["Chat groups that govern themselves", "自治的聊天群"],
  skip: ["Skip to the message field", "跳到输入框"],
  sign_in: ["Sign in", "登录"],
  register: ["Create account", "注册"],
  reset: ["I have a code", "使用重置码"],
  reset_code: ["Code for another password", "重置码"],
  reset_number: ["Your verified mobile (if you have no code yet)", "已验证的手机号（尚无重置码时）"],
  send_code: ["Send me a code", "发送重置码"],
  code_sent: ["If that is the account's verified mobile, a code is on its way to it.", "如果这是该账号已验证的手机号，重置码已在发送途中。"],
  name_both: ["Type your user name and the number first.", "请先填写用户名和手机号。"],
  otp: ["Code from your authenticator, or a recovery code", "验证器中的验证码，或恢复码"],
  user: ["User name", "用户名"],
  user_hint: ["3 to 32 characters: a–z, 0–9, dot, dash, underscore", "3 至 32 个字符：小写字母、数字、点、横线、下划线"],
  display_name: ["Display name (optional)", "显示名称（可不填）"],
  invitation: ["Invitation (if you were given one)", "邀请（如有）"],
  invitation_hint: ["The group's code, a space, the invite code", "群号、空格、邀请码"],
  password: ["Password", "密码"],
  agree: ["I accept the", "我已阅读并同意"],
  agreement: ["service agreement", "服务协议"],
  and: ["and the", "和"],
  rules: ["rules", "平台规则"],
  change_password: ["Change password", "修改密码"],
  change_password_hint: ["All your other sessions end.", "你在其他设备上的登录将全部失效。"],
  old_password: ["Your password", "当前密码"],
  new_password: ["The new one", "新密码"],
  password_changed: ["Your password is changed.", "密码已修改。"],
  sign_out: ["Sign out", "退出登录"],
  language: ["中文", "English"],
  channels: ["Channels", "频道"],
  home: ["Home", "首页"],
  home_about: ["Posts of the channels that you follow, the newest first", "你关注的频道的帖子，最新在前"],
  home_empty: ["Nothing here yet. Open a channel by its name, and follow it.", "这里还没有内容。用名称打开一个频道并关注它。"],
  find: ["Name of a channel, like @ann", "频道名称，如 @ann"],
  find_open: ["Open", "打开"],
  no_such_channel: ["There is no channel of this name.", "没有这个名称的频道。"],
  own_channel: ["My channel", "我的频道"],
  all_posts: ["All posts", "全部帖子"],
  editors: ["Editors’ log", "编辑记录"],
  follow: ["Follow", "关注"],
  unfollow: ["Unfollow", "取消关注"],
  unfollow_sure: ["Stop following “{name}”?", "确定不再关注“{name}”？"],
  follower: ["{count} follower", "{count} 位关注者"],
  followers: ["{count} followers", "{count} 位关注者"],
  reader_today: ["{count} reader today", "今日 {count} 位读者"],
  readers_today: ["{count} readers today", "今日 {count} 位读者"],
  refuted: ["The platform says that this is not true: {text}", "平台辟谣：{text}"],
  original_gone: ["The reposted post is no longer there.", "被转发的内容已不存在。"],
  repost: ["Repost", "转发"],
  reposted: ["It stands in your channel now.", "已转发到你的频道。"],
  labels: ["Labels", "标签"],
  label_badge: ["Verified: {name}", "已认证：{name}"],
  label_licence: ["Licence {name} ({category})", "许可证 {name}（{category}）"],
  label_label: ["{name}", "{name}"],
  channel_pending: ["waiting for its review", "等待审核"],
  form_public: ["public account", "公众账号"],
  channel_warned: ["warned by the platform", "已被平台警告"],
  channel_suspended: ["suspended by the platform", "已被平台暂停"],
  channel_closed: ["closed", "已关闭"],
  new_post: ["{count} new post", "{count} 条新帖子"],
  new_posts: ["{count} new posts", "{count} 条新帖子"],
  no_posts: ["There are no posts here yet.", "这里还没有帖子。"],
  first_post: ["Your first post opens your channel.", "发布第一条帖子即可开通你的频道。"],
  new_post_text: ["Write a post", "写一条帖子"],
  publish: ["Publish", "发布"],
  publish_hint: ["Ctrl and Enter sends it", "按 Ctrl+Enter 发送"],
  comment: ["Write a comment", "写评论"],
  comments: ["Comments", "评论"],
  policy_followers: ["Followers of the channel may comment.", "关注者可以评论。"],
  policy_approval: ["Comments are read by an editor before they are shown.", "评论经编辑审核后显示。"],
  policy_closed: ["Nobody may comment.", "评论已关闭。"],
  featured: ["Chosen by the editors", "精选评论"],
  attach: ["Add pictures, sound or films", "添加图片、音频或视频"],
  alt: ["Describe it in words", "文字说明"],
  not_sent: ["It could not be sent. Try again.", "发送失败，请重试。"],
  still_sending: ["Wait until everything is sent.", "请等待发送完成。"],
  send_comment: ["Comment", "评论"],
  delete: ["Delete", "删除"],
  delete_sure: ["Delete this for good?", "确定删除？"],
  older: ["Show more", "显示更多"],
  your_groups: ["Your groups", "我的群"],
  no_groups: ["You are in no group yet.", "你还没有加入任何群。"],
  join: ["Join", "加群"],
  join_title: ["Join a group", "加入群"],
  join_hint: ["Ask a member for the group's 12-digit code.", "向群成员索要 12 位群号。"],
  code: ["Group code", "群号"],
  answer: ["Answer to the group's question", "回答入群问题"],
  create: ["New group", "建群"],
  create_title: ["Create a group", "创建群"],
  name: ["Name", "群名"],
  topic: ["Topic (optional)", "主题（可不填）"],
  join_mode: ["Who may join", "入群方式"],
  mode_open: ["Anyone with the code", "知道群号即可加入"],
  mode_approval: ["After approval", "需管理员批准"],
  mode_invite: ["By invitation", "仅限邀请"],
  mode_closed: ["Nobody", "不允许加入"],
  mode_question: ["After answering a question", "需回答问题"],
  cancel: ["Cancel", "取消"],
  accept: ["Accept", "同意"],
  agreement_title: ["The service agreement has changed", "服务协议已更新"],
  agreement_hint: ["Read the new version, then accept it to go on.", "请阅读新版协议，同意后方可继续。"],
  pending: ["Your request waits for the group's approval.", "已提交申请，等待批准。"],
  welcome: ["Pick a group, join one by its code, or found your own.", "选择一个群，用群号加入，或自己建一个群。"],
  back: ["Back to the groups", "返回群列表"],
  members: ["Members", "成员"],
  members_count: ["{members} of {limit} members", "成员 {members} / {limit}"],
  members_more: ["and {count} more", "另有 {count} 人"],
  copy_code: ["Copy the group code", "复制群号"],
  copied: ["Copied", "已复制"],
  told: ["What you are told", "给你的通知"],
  told_read: ["I have read this", "我已阅读"],
  leave: ["Leave group", "退群"],
  leave_sure: ["Leave “{name}”?", "确定退出“{name}”？"],
  message: ["Message", "消息"],
  placeholder: ["Write a message, or / for commands", "输入消息，或输入 / 使用命令"],
  send: ["Send", "发送"],
  reply: ["Reply", "回复"],
  reply_to: ["Reply to {name}", "回复 {name}"],
  reply_gone: ["an earlier message", "较早的消息"],
  close: ["Close", "关闭"],
  back_one: ["Back", "返回"],
  do: ["Do it", "执行"],
  undo: ["Undo", "撤销"],
  as_typed: ["The same, typed: ", "等同于输入："],
  more: ["What you can do", "更多操作"],
  react: ["Put an emoji to it", "添加表情"],
  copy_text: ["Copy text", "复制文字"],
  copy_link: ["Copy link", "复制链接"],
  about: ["About {name}", "关于 {name}"],
  mention: ["Mention", "提及"],
  you: ["Your account", "我的账号"],
  run: ["Run this group", "管理本群"],
  pins: ["What is pinned", "置顶消息"],
  outranked: ["Not to equals or superiors.", "不能对同级或上级操作。"],
  find_member: ["Find a member", "查找成员"],
  part_look: ["For everybody", "所有人"],
  part_people: ["People", "成员管理"],
  part_settings: ["Settings", "设置"],
  part_calm: ["Keeping order", "秩序"],
  part_record: ["On record", "记录"],
  reasons: ["Advertising|Insults|Off topic|Flooding", "广告|辱骂|跑题|刷屏"],
  act_edit: ["Edit", "编辑"],
  act_delete: ["Delete", "撤回"],
  act_pin: ["Pin", "置顶"],
  act_unpin: ["Unpin", "取消置顶"],
  act_report: ["Report", "举报"],
  act_mute: ["Mute", "禁言"],
  act_unmute: ["Lift the mute", "解除禁言"],
  act_kick: ["Remove", "移出群"],
  act_ban: ["Ban", "拉黑"],
  act_unban: ["Lift the ban", "解除拉黑"],
  act_warn: ["Warn", "警告"],
  act_note: ["Notes", "备注"],
  act_promote: ["Make an admin", "设为管理员"],
  act_demote: ["Take the role of admin", "撤销管理员"],
  act_ignore: ["Ignore", "忽略"],
  act_approve: ["Let in", "同意"],
  act_deny: ["Turn down", "拒绝"],
  word_10m: ["10 min", "10 分钟"],
  word_1h: ["1 h", "1 小时"],
  word_1d: ["1 day", "1 天"],
  word_7d: ["7 days", "7 天"],
  word_perm: ["for good", "永久"],
  word_approve: ["Approve", "通过"],
  word_deny: ["Turn down", "拒绝"],
  word_end: ["End", "结束"],
  word_open: ["open", "开放"],
  word_approval: ["approval", "批准"],
  word_question: ["question", "答题"],
  word_invite: ["invitation", "邀请"],
  word_closed: ["closed", "关闭"],
  word_on: ["on", "开"],
  word_off: ["off", "关"],
  arg_choice: ["Choose", "选择"],
  arg_user: ["Who", "谁"],
  arg_seq: ["Number of the message", "消息编号"],
  arg_duration: ["How long", "时长"],
  arg_since: ["Since", "起始"],
  arg_reason: ["Reason", "理由"],
  arg_text: ["Text", "内容"],
  arg_name: ["Name", "名称"],
  arg_number: ["Number", "编号"],
  arg_case: ["Case", "案件编号"],
  arg_code: ["Group code", "群号"],
  arg_word: ["Word", "词语"],
  arg_members: ["Members", "人数"],
  arg_uses: ["How often", "次数"],
  arg_kind: ["What", "分类"],
  arg_permissions: ["Permissions", "权限"],
  arg_permission: ["Permissions", "权限"],
  log: ["Messages", "消息记录"],
  commands: ["Commands", "命令"],
  newest: ["Newest messages", "最新消息"],
  start_of_log: ["This is where the group begins.", "群的开始。"],
  loading: ["Loading…", "正在加载……"],
  only_you: ["Only you see this", "仅你可见"],
  deleted: ["This message was deleted.", "此消息已删除。"],
  ignored: ["You ignore who wrote this.", "你已忽略此人的消息。"],
  edited: ["(edited)", "（已编辑）"],
  sending: ["sending…", "发送中……"],
  announcement: ["Announcement", "公告"],
  typing_one: ["{names} is typing…", "{names} 正在输入……"],
  typing_many: ["{names} are typing…", "{names} 正在输入……"],
  role_owner: ["owner", "群主"],
  role_admin: ["admin", "管理员"],
  role_member: ["member", "成员"],
  tag_creator: ["founder", "创建者"],
  state_suspended: ["This group is suspended.", "本群已被暂停。"],
  state_closed: ["This group is closed.", "本群已关闭。"],
  state_warned: ["This group has been warned by the platform.", "本群已被平台警告。"],
  muted_until: ["You are muted until {until}.", "你已被禁言至 {until}。"],
  muted_forever: ["You are muted.", "你已被禁言。"],
  locked_until: ["Only owner and admins may post until {until}.", "{until} 前仅群主和管理员可以发言。"],
  locked_forever: ["Only owner and admins may post.", "仅群主和管理员可以发言。"],
  slow: ["Slow mode: one message every {seconds} s", "慢速模式：每 {seconds} 秒一条"],
  unread: ["{count} unread", "{count} 条未读"],
  connecting: ["Connecting…", "正在连接……"],
  reconnecting: ["The connection broke. Trying again…", "连接已断开，正在重试……"],
  revoked: ["You were signed out: {reason}", "你已被登出：{reason}"],
  session_over: ["the session has ended.", "会话已结束。"],
  left_left: ["You left “{name}”.", "你已退出“{name}”。"],
  left_kicked: ["You were removed from “{name}”.", "你已被移出“{name}”。"],
  left_banned: ["You were banned from “{name}”.", "你已被“{name}”拉黑。"],
  left_closed: ["“{name}” was closed.", "“{name}”已关闭。"],
  permanently: ["permanently", "永久"],
  until: ["until {time}", "至 {time}"],
  today: ["Today", "今天"],
  yesterday: ["Yesterday", "昨天"],
  reason: ["{text}: {reason}", "{text}：{reason}"],
};

// How a notice is told, by `data.event`; placeholders are the fields of `data`.
const NOTICES = {
  created: ["@{by} founded the group “{name}”", "@{by} 创建了群“{name}”"],
  joined: ["@{user} joined", "@{user} 加入了群"],
  left: ["@{user} left", "@{user} 退出了群"],
  kicked: ["@{by} removed @{user}", "@{by} 将 @{user} 移出了群"],
  banned: ["@{by} banned @{user} {until}", "@{by} 拉黑了 @{user}（{until}）"],
  unbanned: ["@{by} lifted the ban on @{user}", "@{by} 解除了对 @{user} 的拉黑"],
  muted: ["@{by} muted @{user} {until}", "@{by} 禁言了 @{user}（{until}）"],
  unmuted: ["@{by} lifted the mute on @{user}", "@{by} 解除了对 @{user} 的禁言"],
  locked: ["@{by} locked the group {until}: only owner and admins may post", "@{by} 开启了全员禁言（{until}）"],
  unlocked: ["@{by} unlocked the group: everyone may post again", "@{by} 解除了全员禁言"],
  slow_mode: ["@{by} set slow mode to {slow}", "@{by} 将慢速模式设为 {slow}"],
  deleted: ["@{by} deleted #{seq} by @{user}", "@{by} 删除了 @{user} 的 #{seq}"],
  purged: ["@{by} deleted {count} messages", "@{by} 删除了 {count} 条消息"],
  purged_1: ["@{by} deleted {count} message", "@{by} 删除了 {count} 条消息"],
  warned: ["@{by} warned @{user}: warning {count}, in force {until}", "@{by} 警告了 @{user}：第 {count} 次（{until}）"],
  unwarned: ["@{by} took back a warning to @{user}", "@{by} 撤回了对 @{user} 的一次警告"],
  pinned: ["@{by} pinned #{seq} by @{user}", "@{by} 置顶了 @{user} 的 #{seq}"],
  unpinned: ["@{by} unpinned #{seq}", "@{by} 取消了 #{seq} 的置顶"],
  mutes_ended: ["Mute over: {users}", "禁言已到期：{users}"],
  bans_ended: ["Ban over: {users}", "拉黑已到期：{users}"],
  lock_ended: ["Everyone may post again", "全员禁言已到期，大家可以发言了"],
  promoted: ["@{by} made @{user} an admin", "@{by} 将 @{user} 设为管理员"],
  demoted: ["@{by} removed @{user} as admin", "@{by} 撤销了 @{user} 的管理员"],
  rights_changed: ["@{by} changed what @{user} may do", "@{by} 更改了 @{user} 的权限"],
  tagged: ["@{by} tagged @{user}: {tag}", "@{by} 为 @{user} 设置了头衔：{tag}"],
  transfer_offered: ["@{by} offers the group to @{user}", "@{by} 提出将群转让给 @{user}"],
  transfer_withdrawn: ["@{by} took back the offer of the group to @{user}", "@{by} 取消了向 @{user} 转让群"],
  transferred: ["@{user} now owns the group; before, it was @{previous}", "群主由 @{previous} 变更为 @{user}"],
  renamed: ["@{by} renamed the group to “{name}”", "@{by} 将群名改为“{name}”"],
  topic_changed: ["@{by} set the topic: {topic}", "@{by} 设置了主题：{topic}"],
  announcement_cleared: ["@{by} took down the announcement", "@{by} 撤下了公告"],
  entries_removed: ["The platform removed {count} messages", "平台移除了 {count} 条消息"],
  entries_removed_1: ["The platform removed {count} message", "平台移除了 {count} 条消息"],
  removed_name: ["The platform removed the name of the group", "平台移除了群名"],
  removed_topic: ["The platform removed the topic", "平台移除了主题"],
  removed_announcement: ["The platform removed the announcement", "平台移除了公告"],
  removed_rules: ["The platform removed the group's own rules", "平台移除了本群的群规"],
  removed_question: ["The platform removed the question for newcomers", "平台移除了入群问题"],
  removed_tag: ["The platform removed the tag of @{user}", "平台移除了 @{user} 的头衔"],
  category_changed: ["@{by} set the category to {category}", "@{by} 将分类设为 {category}"],
  limit_changed: ["@{by} set the member limit to {limit}", "@{by} 将成员上限设为 {limit}"],
  dissolved: ["@{by} dissolved the group", "@{by} 解散了群"],
  suspended: ["The platform suspended the group {until}", "平台暂停了本群（{until}）"],
  restored: ["The platform lifted the group's suspension", "平台恢复了本群"],
  closed: ["The platform closed the group", "平台关闭了本群"],
};

// Chinese for the errors that a reader of this page meets; the server says the others.
const ERRORS = {
  auth_failed: "用户名或密码错误。",
  otp_required: "请输入验证码。",
  name_taken: "用户名已被占用。",
  weak_password: "密码强度不足。",
  bad_name: "名称不符合要求。",
  no_such_group: "没有这个群。",
  not_a_member: "你不是该群成员。",
  already_member: "已经是群成员。",
  forbidden: "无权进行此操作。",
  outranked: "不能对同级或上级操作。",
  banned: "你已被该群拉黑。",
  muted: "你已被禁言。",
  group_muted: "全员禁言中。",
  slow_mode: "慢速模式：请稍后再发。",
  group_suspended: "本群已被暂停。",
  group_closed: "本群已关闭。",
  account_suspended: "账号已被暂停。",
  group_full: "群成员已满。",
  group_quota: "不能再创建更多的群。",
  join_quota: "不能再加入更多的群。",
  comments_closed: "评论已关闭。",
  followers_only: "只有关注者可以评论。",
  content_held: "内容待审核。",
  follow_quota: "不能再关注更多的频道。",
  no_such_entry: "没有这条内容。",
  join_closed: "该群不接受新成员。",
  wrong_answer: "请回答入群问题。",
  rate_limited: "操作过于频繁，请稍后再试。",
  too_long: "内容过长。",
  unknown_command: "没有这个命令。",
  bad_syntax: "命令格式有误。",
  unavailable: "服务暂时不可用，请稍后再试。",
  disconnected: "连接已断开。",
};

const FOREVER_MS = 253_402_300_799_000; // the end of the year 9999: how the rules say "for good"
const LANGUAGES = ["en", "zh-CN"];
const KEY = "folkmoot.language";

function choose() {
  const wanted = localStorage.getItem(KEY) ?? navigator.language;
  return wanted.toLowerCase().startsWith("zh") ? 1 : 0;
}

let index = choose();

/** The language spoken now: `en` or `zh-CN`. */
export const language = () => LANGUAGES[index];

/** Speak the other language from now on, and after a reload. */
export function switchLanguage() {
  index = 1 - index;
  localStorage.setItem(KEY, LANGUAGES[index]);
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** The text under `key` with its placeholders filled in. */
export const t = (key, values = {}) => fill(TEXTS[key][index], values);

/** A role or a known tag in words; a tag that an owner made up stays as it is. */
export const sayTag = (kind, word) => (TEXTS[`${kind}_${word}`] ?? [word, word])[index];

/** What a command does, in a word or as the server says it. */
export const sayAct = ({ name, summary }) => TEXTS[`act_${name}`]?.[index] ?? summary;

/** What went wrong, for a person. */
export function sayError(error) {
  const known = ERRORS[error.code];
  const isChinese = /\p{Script=Han}/u.test(error.message);
  return language() === "zh-CN" && known && !isChinese ? known : inOwnTime(error.message);
}

/** What a notice tells, in the reader's language and time zone where the page knows the event. */
export function sayNotice(entry) {
  const data = entry.data ?? {};
  const event = data.event === "text_removed" ? `removed_${data.what}` : data.event;
  const telling = (data.count === 1 && NOTICES[`${event}_1`]) || NOTICES[event];
  if (!telling) return inOwnTime(entry.body);
  const text = fill(telling[index], { ...data, until: sayEnd(data.until_ms), slow: sayLength(data.slow_ms) }).trim();
  return data.reason ? t("reason", { text, reason: data.reason }) : text;
}

function sayEnd(ms) {
  if (!ms) return "";
  return ms >= FOREVER_MS ? t("permanently") : t("until", { time: sayMoment(ms) });
}

/** A length of time: `2 minutes 30 seconds`, `2分钟30秒钟`. */
function sayLength(ms) {
  let left = Math.ceil((ms ?? 0) / 1000);
  const parts = [];
  for (const [unit, size] of [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]]) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (!count) continue;
    parts.push(new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(count));
  }
  return parts.join(" ");
}

/** The reader's own kind of the language, as `en-GB`: people write their dates differently. */
const locale = () => navigator.languages.find((one) => one.slice(0, 2) === language().slice(0, 2)) ?? language();

const format = (ms, options) => new Intl.DateTimeFormat(locale(), options).format(ms);

/** A text of the server with its times, which it says in UTC, in the reader's own. */
export const inOwnTime = (text) =>
  text.replace(/\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g, (_, day, time) => sayMoment(Date.parse(`${day}T${time}Z`)));

export const sayMoment = (ms) => format(ms, { dateStyle: "medium", timeStyle: "short" });
export const sayTime = (ms) => format(ms, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A day as a heading of the log. */
export function sayDay(ms) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(ms).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return t("today");
  return days === 1 ? t("yesterday") : format(ms, { dateStyle: "full" });
}

/** A mute that concerns the reader, or an empty text; `what` may be `locked`. */
export function sayMuted(until, what = "muted") {
  if (!until || until <= Date.now()) return "";
  return until >= FOREVER_MS ? t(`${what}_forever`) : t(`${what}_until`, { until: sayMoment(until) });
}

/** Fill in every element of the document that names its text. */
export function translatePage(root) {
  document.documentElement.lang = language();
  document.title = t("title");
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  for (const node of root.querySelectorAll("[data-t-title]")) node.title = t(node.dataset.tTitle);
  for (const node of root.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
}
