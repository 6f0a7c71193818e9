# The door: first run, signing in, the second factor, invitations.

sign-in = Sign in
email = Email address
password = Password
password-hint = At least 12 characters. A few words that do not belong together are easy to remember and hard to guess.
password-short = At least { $chars } characters are expected.
password-long = This is too long to be a password.
password-guessable = This password is easy to guess: it is little more than your name or email address, or repeats itself. Choose another one.
password-known = This password is on a list of leaked ones. Choose another one.
your-name = Your name
time-zone = Time zone
sign-in-with = Sign in with { $provider }
sign-in-wrong = The email address or the password is wrong.
sign-in-wait = Too many attempts. Try again in { $seconds } s.
sign-in-wait-minutes = Too many attempts. Try again in { $minutes } min.
sign-in-sso-failed = Signing in with your provider did not work. Try again, or ask your administrator.
sign-in-lost = Lost your password or your second factor? Whoever runs the server can help you in again.

code = Second step
code-told = Type the code that your authenticator shows now.
code-label = Code
code-wrong = This code is wrong, or was used already.
code-recovery = Without your authenticator, type one of your recovery codes.
code-other = Sign in as somebody else

second-factor = Two-factor authentication
second-factor-told = A password can be stolen from afar; your phone cannot. From now on signing in takes both.
second-factor-scan = Scan this with an authenticator app.
second-factor-qr = Code to scan with an authenticator
second-factor-type = Or type this secret:
second-factor-code = The code it shows now
second-factor-on = Turn on
second-factor-wrong = This code is not the one expected. Check the clock of your phone, and try the next code.

recovery-codes = Recovery codes
recovery-codes-told = Each of these lets you in once when your authenticator is lost. They are shown only now: print them, or put them where you keep your passwords.
recovery-codes-stored = I stored them

setup = Welcome
setup-told = Nobody can sign in to this server yet. You will be its first owner.
setup-code = Code of the first run
setup-code-hint = The server printed it when it started.
setup-code-wrong = This is not the code that the server printed.
setup-workspace = Name of the workspace
setup-workspace-hint = Whose log it is, such as your company.
setup-begin = Begin

join = Join
join-told = { $name } invites you to { $workspace } as { $role }.
join-accept = Accept
setup-demo = Load a demo too: an invented year, in a workspace of its own
join-known = There is an account with this address. Sign in to it to accept.
join-own = You are signed in with this address.
member-already = Somebody with this address is a member already.
sign-in-sso-known = There is an account with this address already. Sign in with its password; then connect it with your provider under My preferences.
provider-connect = Connect with { $provider }
provider-connected = { $provider } vouches for you.
provider-connect-told = Once connected, you can sign in with { $provider } instead of your password.
provider-secret-again = The issuer has changed. Type the client secret again.
member-elsewhere = This account is in other workspaces too. Only somebody who manages it in all of them can sign it out, reset its second factor or suspend it.
refused-workspace = This page was of another workspace
refused-workspace-told = You have switched to another workspace meanwhile, perhaps in another tab. Nothing was changed. Switch back and try again.
second-factor-password = Your password, since you signed in a while ago
