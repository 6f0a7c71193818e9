//! The columns, told as stories: whatever the entries went through, questions about them have one answer.

mod answers;
mod damage;
mod exports;
mod life;
mod oracle;
mod past;
